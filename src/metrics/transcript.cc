#include "metrics/transcript.h"

#include "base/file.h"
#include "base/utf8.h"
#include "metrics/classification.h"
#include "metrics/inputs.h"

namespace edgeopt::metrics {
namespace {

std::vector<std::string> Characters(std::string_view text) {
  std::vector<std::string> characters;
  for (const char32_t code : DecodeUtf8(text)) {
    characters.emplace_back();
    AppendUtf8(code, characters.back());
  }
  return characters;
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The best class of each of the rows of [T, C].
std::vector<int64_t> BestClasses(const std::vector<float>& scores, size_t classes) {
  std::vector<int64_t> best;
  for (size_t first = 0; first < scores.size(); first += classes)
    best.push_back(ArgMax(std::span(scores).subspan(first, classes)));
  return best;
}

}  // namespace

Result<TextReader> TextReader::Make(const Parameters& parameters) {
  TextReader reader;
  reader.output_ = parameters.Text("output");
  if (parameters.Has("alphabet") && parameters.Has("alphabet_file"))
    return parameters.Wrong("alphabet", "give either 'alphabet' or 'alphabet_file'");
  reader.alphabet_ = Characters(parameters.Text("alphabet"));
  if (parameters.Has("alphabet_file")) {
    EDGEOPT_TRY(const std::string text, ReadFile(parameters.Text("alphabet_file")));
    reader.alphabet_ = Lines(text);
  }
  EDGEOPT_TRY(const bool append_space, parameters.Flag("append_space", false));
  if (append_space) reader.alphabet_.emplace_back(" ");
  EDGEOPT_TRY(const std::string blank, parameters.Choice("blank", {"first", "last"}));
  reader.blank_is_last_ = blank == "last";
  return reader;
}

Result<std::string> TextReader::Read(const Observation& observation, int64_t sample) const {
  EDGEOPT_TRY(const ir::Tensor* output, FindOutput(observation, output_, sample));
  const std::string where = Describe("output", *output, sample);
  if (output->type() == ir::DataType::kString) {
    if (output->size() != 1)
      return BadInput(where + " holds " + std::to_string(output->size()) +
                      " strings; expected one");
    return output->strings().front();
  }
  if (alphabet_.empty())
    return UsageError(where + " holds numbers, which need an alphabet to become text",
                      "give the parameter 'alphabet' or 'alphabet_file'");
  const auto size = static_cast<int64_t>(alphabet_.size());
  ir::Dims dims = output->dims();
  if (ir::IsInteger(output->type()) && Squeezed(dims).size() <= 1) {
    EDGEOPT_TRY(const auto classes, output->ToInts());
    return Collapse(classes, size + 1, where);
  }
  if (dims.size() == 3 && dims[0] == 1)
    dims.erase(dims.begin());
  else if (dims.size() == 3 && dims[1] == 1)
    dims.erase(dims.begin() + 1);
  if (dims.size() != 2 || dims[1] != size + 1)
    return BadInput(where + " has shape " + ir::ToString(output->dims()) +
                        "; expected [T, C] with C = " + std::to_string(size + 1) + ": " +
                        std::to_string(size) + " characters of the alphabet and the blank",
                    "check the alphabet, and the parameter 'append_space'");
  EDGEOPT_TRY(const auto scores, Numbers(*output, "output", sample));
  return Collapse(BestClasses(scores, static_cast<size_t>(dims[1])), dims[1], where);
}

// Repeats become one, then blanks go.
Result<std::string> TextReader::Collapse(const std::vector<int64_t>& classes, int64_t class_count,
                                         const std::string& where) const {
  const int64_t blank = blank_is_last_ ? class_count - 1 : 0;
  std::string text;
  int64_t previous = -1;
  for (const int64_t current : classes) {
    if (current < 0 || current >= class_count)
      return BadInput(where + " holds class " + std::to_string(current) + "; the alphabet has " +
                      std::to_string(class_count) + " with the blank");
    if (current != previous && current != blank)
      text += alphabet_[static_cast<size_t>(blank_is_last_ ? current : current - 1)];
    previous = current;
  }
  return text;
}

}  // namespace edgeopt::metrics
