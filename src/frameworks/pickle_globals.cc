#include "frameworks/pickle_globals.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

namespace edgeopt::frameworks {
namespace {

using std::string_view;

constexpr string_view kNoArgument =
    "(.012NRabd}el]ost)uQ\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98";
constexpr string_view kOneLine = "FILSVPgp", kTwoLines = "ci";
// Arguments of 1, 2, 4 and 8 bytes.
constexpr string_view kBytes1 = "Khq\x80\x82", kBytes2 = "M\x83", kBytes4 = "Jjr\x84",
                      kBytes8 = "G\x95";
// Bytes behind a length of 1, 4 and 8 bytes.
constexpr string_view kLength1 = "UC\x8c\x8a", kLength4 = "TXB\x8b", kLength8 = "\x8d\x8e\x96";
constexpr string_view kTexts = "VSUTX\x8c\x8d";
constexpr char kGlobal = 'c', kInstance = 'i', kStop = '.', kMemoize = '\x94',
               kStackGlobal = '\x93';
constexpr string_view kPut = "pqr", kGet = "ghj";

bool In(string_view set, char code) { return set.find(code) != string_view::npos; }

uint64_t LittleEndian(string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size(); ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return value;
}

class Scanner {
 public:
  explicit Scanner(string_view bytes) : bytes_(bytes) {}

  Result<PickleGlobals> Scan() {
    while (true) {
      const auto code = Take(1);
      if (!code) return Cut();
      if (const Status step = Step((*code)[0]); !step.ok()) return step.error();
      if ((*code)[0] == kStop) break;
    }
    found_.size_bytes = at_;
    return std::move(found_);
  }

 private:
  Error Cut() const { return BadInput("the pickle is cut off at byte " + std::to_string(at_)); }

  std::optional<string_view> Take(uint64_t size) {
    if (size > bytes_.size() - at_) return std::nullopt;
    const string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }

  std::optional<string_view> TakeLine() {
    const size_t end = bytes_.find('\n', at_);
    if (end == string_view::npos) return std::nullopt;
    const string_view line = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return line;
  }

  std::optional<string_view> TakeCounted(size_t length_bytes) {
    const auto length = Take(length_bytes);
    return length ? Take(LittleEndian(*length)) : std::nullopt;
  }

  // nullopt: cut off, or an unknown opcode (`unknown` tells).
  std::optional<string_view> TakeArgument(char code, bool& unknown) {
    if (In(kNoArgument, code)) return string_view();
    if (In(kOneLine, code) || In(kTwoLines, code)) return TakeLine();
    if (In(kBytes1, code)) return Take(1);
    if (In(kBytes2, code)) return Take(2);
    if (In(kBytes4, code)) return Take(4);
    if (In(kBytes8, code)) return Take(8);
    if (In(kLength1, code)) return TakeCounted(1);
    if (In(kLength4, code)) return TakeCounted(4);
    if (In(kLength8, code)) return TakeCounted(8);
    unknown = true;
    return std::nullopt;
  }

  Status Step(char code) {
    bool unknown = false;
    const auto argument = TakeArgument(code, unknown);
    if (unknown) return BadInput("no pickle: byte " + std::to_string(at_ - 1) + " is no opcode");
    if (!argument) return Cut();
    if (code == kGlobal || code == kInstance) {
      const auto name = TakeLine();
      if (!name) return Cut();
      Add(*argument, *name);
    } else if (code == kStackGlobal) {
      const size_t count = texts_.size();
      if (count < 2)
        Add("", "");
      else
        Add(texts_[count - 2], texts_[count - 1]);
    } else if (In(kTexts, code)) {
      texts_.push_back(*argument);
    } else if (code == kMemoize) {
      Memorize(memo_.size());
    } else if (In(kPut, code)) {
      Memorize(Slot(code, *argument));
    } else if (In(kGet, code)) {
      const auto found = memo_.find(Slot(code, *argument));
      texts_.push_back(found == memo_.end() ? string_view() : found->second);
    }
    return OkStatus();
  }

  // 'p' and 'g' have the number in decimal.
  static uint64_t Slot(char code, string_view argument) {
    if (code != 'p' && code != 'g') return LittleEndian(argument);
    uint64_t slot = 0;
    for (const char digit : argument) slot = slot * 10 + static_cast<uint64_t>(digit - '0');
    return slot;
  }

  // Of the values only texts matter; for another one the last text is remembered in vain.
  void Memorize(uint64_t slot) { memo_[slot] = texts_.empty() ? string_view() : texts_.back(); }

  void Add(string_view module, string_view name) {
    std::string global =
        module.empty() || name.empty() ? "?" : std::string(module) + "." + std::string(name);
    if (std::find(found_.names.begin(), found_.names.end(), global) == found_.names.end())
      found_.names.push_back(std::move(global));
  }

  string_view bytes_;
  size_t at_ = 0;
  std::vector<string_view> texts_;  // those pushed until now, also from the memo
  std::map<uint64_t, string_view> memo_;
  PickleGlobals found_;
};

}  // namespace

Result<PickleGlobals> ReadPickleGlobals(string_view bytes) { return Scanner(bytes).Scan(); }

bool IsPlainData(string_view global) {
  // Functions that put tensors together, and what else PyTorch's own weights_only unpickler takes
  // (torch/_weights_only_unpickler.py).
  for (const string_view prefix : {"torch._utils._rebuild_", "torch._tensor._rebuild_"})
    if (global.starts_with(prefix)) return true;
  for (const string_view name : {"collections.OrderedDict",
                                 "collections.defaultdict",
                                 "collections.Counter",
                                 "torch.nn.parameter.Parameter",
                                 "torch.nn.parameter.Buffer",
                                 "torch.storage.TypedStorage",
                                 "torch.storage.UntypedStorage",
                                 "torch.serialization._get_layout",
                                 "_codecs.encode",
                                 "numpy.dtype",
                                 "numpy.ndarray",
                                 "numpy.core.multiarray.scalar",
                                 "numpy.core.multiarray._reconstruct",
                                 "numpy._core.multiarray.scalar",
                                 "numpy._core.multiarray._reconstruct",
                                 "builtins.set",
                                 "builtins.frozenset",
                                 "builtins.bytearray",
                                 "builtins.complex",
                                 "__builtin__.set",
                                 "__builtin__.frozenset",
                                 "__builtin__.bytearray",
                                 "__builtin__.complex"})
    if (global == name) return true;
  // Types of PyTorch itself: "torch.float32", "torch.FloatStorage", "torch.Size", "torch.device".
  constexpr string_view kTorch = "torch.";
  if (!global.starts_with(kTorch)) return false;
  const string_view name = global.substr(kTorch.size());
  for (const string_view type : {"Size", "Tensor", "device", "dtype", "BoolStorage"})
    if (name == type) return true;
  if (name.ends_with("Storage")) return name.find('.') == string_view::npos;
  for (const string_view type : {"float", "bfloat", "half", "double", "int", "uint", "long",
                                 "short", "bool", "complex", "qint", "quint"})
    if (name.starts_with(type)) return name.find('.') == string_view::npos;
  return false;
}

}  // namespace edgeopt::frameworks
