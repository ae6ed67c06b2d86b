// An external command judges: it is given the path of an .npz file as its last argument and prints
// one number. The file holds each output under its name, stacked over the samples in the order of
// the data set ([N, ...]); where shapes differ between samples, one array per sample,
// "NAME.000012". Targets are there as "target.NAME". Parameters:
//   command           run by /bin/sh; "$@" is the path, and is appended
//   higher_is_better  true (default) or false
//   unit              what the number is in, for the report (default none)
//   timeout_s         the command's time (default 600)
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "base/file.h"
#include "base/subprocess.h"
#include "ir/npy.h"
#include "metrics/inputs.h"
#include "metrics/parameters.h"
#include "metrics/scores.h"

namespace edgeopt::metrics {
namespace {

// The arrays of one name over all samples, spooled to a file, so that memory does not grow with the
// number of samples.
class Spool {
 public:
  explicit Spool(std::filesystem::path path) : path_(std::move(path)) {}

  Status Append(int64_t sample, const ir::Tensor& tensor) {
    if (pieces_.empty()) type_ = tensor.type();
    if (tensor.type() != type_)
      return BadInput("'" + tensor.name + "' is " + std::string(Name(tensor.type())) +
                      " in sample " + std::to_string(sample) + ", but " + std::string(Name(type_)) +
                      " before");
    if (type_ == ir::DataType::kString)
      strings_.insert(strings_.end(), tensor.strings().begin(), tensor.strings().end());
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    file.write(reinterpret_cast<const char*>(tensor.data().data()),
               static_cast<std::streamsize>(tensor.data().size()));
    file.close();
    if (!file) return Unavailable("can't write " + path_.string(), "check the space on the disk");
    pieces_.push_back({sample, tensor.dims(), tensor.data().size()});
    return OkStatus();
  }

  // `samples` is the number of all samples.
  Status WriteTo(ir::NpzWriter& writer, const std::string& name, int64_t samples) const {
    EDGEOPT_TRY(const Buffer bytes, Buffer::Map(path_));
    if (IsStackable(samples)) {
      ir::Dims dims = pieces_.front().dims;
      dims.insert(dims.begin(), samples);
      EDGEOPT_TRY(const ir::Tensor all, MakeTensor(dims, bytes, strings_));
      return writer.Add(name, all);
    }
    size_t offset = 0, string_offset = 0;
    for (const Piece& piece : pieces_) {
      char suffix[32];
      std::snprintf(suffix, sizeof(suffix), ".%06lld", static_cast<long long>(piece.sample));
      std::vector<std::string> strings;
      if (type_ == ir::DataType::kString) {
        EDGEOPT_TRY(const int64_t count, ir::ElementCount(piece.dims));
        const auto first = strings_.begin() + static_cast<ptrdiff_t>(string_offset);
        strings.assign(first, first + count);
        string_offset += static_cast<size_t>(count);
      }
      EDGEOPT_TRY(
          const ir::Tensor one,
          MakeTensor(piece.dims, bytes.Slice(offset, piece.size_bytes), std::move(strings)));
      EDGEOPT_CHECK_OK(writer.Add(name + suffix, one));
      offset += piece.size_bytes;
    }
    return OkStatus();
  }

 private:
  struct Piece {
    int64_t sample;
    ir::Dims dims;
    size_t size_bytes;
  };

  // Every sample has it, all of one shape, and elements are whole bytes.
  bool IsStackable(int64_t samples) const {
    if (static_cast<int64_t>(pieces_.size()) != samples) return false;
    if (type_ != ir::DataType::kString && ir::BitsOf(type_) < 8) return false;
    for (const Piece& piece : pieces_)
      if (piece.dims != pieces_.front().dims) return false;
    return true;
  }
  Result<ir::Tensor> MakeTensor(ir::Dims dims, Buffer bytes,
                                std::vector<std::string> strings) const {
    if (type_ == ir::DataType::kString)
      return ir::Tensor::MakeStrings(std::move(dims), std::move(strings));
    return ir::Tensor::Make(type_, std::move(dims), std::move(bytes));
  }

  std::filesystem::path path_;
  ir::DataType type_ = ir::DataType::kUndefined;
  std::vector<Piece> pieces_;
  std::vector<std::string> strings_;
};

std::string Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return std::string(text.substr(0, text.find_last_not_of(kBlanks) + 1));
}

class Command : public Metric {
 public:
  Command(const Parameters& parameters, bool higher_is_better, std::chrono::milliseconds timeout,
          TemporaryFolder folder)
      : command_(parameters.Text("command")),
        output_(parameters.Text("output")),
        unit_(parameters.Text("unit")),
        higher_is_better_(higher_is_better),
        timeout_(timeout),
        folder_(std::move(folder)) {}

  Status Update(const Observation& observation) override {
    for (const ir::Tensor& output : observation.outputs)
      if (output_.empty() || output.name == output_)
        EDGEOPT_CHECK_OK(SpoolOf(output.name).Append(samples_, output));
    for (const ir::Tensor& target : observation.targets)
      EDGEOPT_CHECK_OK(SpoolOf("target." + target.name).Append(samples_, target));
    ++samples_;
    return OkStatus();
  }

  Result<Score> Finish() override {
    if (samples_ == 0) return NoSamples();
    const std::filesystem::path path = folder_.path() / "predictions.npz";
    EDGEOPT_TRY(ir::NpzWriter writer, ir::NpzWriter::Create(path));
    for (const auto& [name, spool] : spools_)
      EDGEOPT_CHECK_OK(spool.WriteTo(writer, name, samples_));
    EDGEOPT_CHECK_OK(writer.Commit());
    EDGEOPT_TRY(
        const CommandOutput run,
        RunCommand({"/bin/sh", "-c", command_ + " \"$@\"", "metric", path.string()}, {}, timeout_));
    if (!run.status.ok())
      return BadInput("the metric's command '" + command_ + "' ended with " + run.status.ToString(),
                      "it wrote: " + Trimmed(run.err.empty() ? run.out : run.err));
    const std::string text = Trimmed(run.out);
    Score score;
    const auto [end, failure] =
        std::from_chars(text.data(), text.data() + text.size(), score.value);
    if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(score.value))
      return BadInput("the metric's command '" + command_ + "' printed '" + text.substr(0, 200) +
                          "'; expected one finite number",
                      "let it print other things to stderr");
    score.samples = samples_;
    score.interval = {score.value, score.value, 0, "none: the command gives one number"};
    score.higher_is_better = higher_is_better_;
    score.unit = unit_;
    return score;
  }

 private:
  Spool& SpoolOf(const std::string& name) {
    const auto number = std::to_string(spools_.size());
    return spools_.try_emplace(name, folder_.path() / ("spool" + number)).first->second;
  }

  std::string command_, output_, unit_;
  bool higher_is_better_;
  std::chrono::milliseconds timeout_;
  TemporaryFolder folder_;
  int64_t samples_ = 0;
  std::map<std::string, Spool> spools_;
};

Result<std::unique_ptr<Metric>> MakeCommand(const MetricOptions& options) {
  EDGEOPT_TRY(
      const Parameters parameters,
      Parameters::Make("command", options, {"command", "higher_is_better", "unit", "timeout_s"}));
  if (parameters.Text("command").empty())
    return UsageError("metric 'command' needs the parameter 'command'",
                      "give a command that takes the path of an .npz file and prints a number");
  EDGEOPT_TRY(const bool higher_is_better, parameters.Flag("higher_is_better", true));
  EDGEOPT_TRY(const int64_t timeout_s, parameters.Integer("timeout_s", 600, 1, 86400));
  EDGEOPT_TRY(TemporaryFolder folder, TemporaryFolder::Create());
  return std::unique_ptr<Metric>(new Command(parameters, higher_is_better,
                                             std::chrono::seconds(timeout_s), std::move(folder)));
}

}  // namespace

MetricInfo command() {
  return {"command", "a number printed by an external command that reads the outputs as .npz", true,
          MakeCommand};
}

}  // namespace edgeopt::metrics
