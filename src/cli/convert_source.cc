#include "cli/convert_source.h"

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/import_source.h"
#include "pipeline/open_model.h"

namespace edgeopt::cli {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

bool HasEnding(const std::string& path, const char* ending) {
  return fs::path(path).extension() == ending;
}

Status WriteAsItIs(const fs::path& imported, const OutputOption& output) {
  const Overwrite overwrite = output.force ? Overwrite::kReplace : Overwrite::kRefuse;
  if (pipeline::FormatOf(imported) == pipeline::Format::kTflite) {
    EDGEOPT_TRY(const formats::tflite::File file, formats::tflite::ReadTflite(imported));
    formats::tflite::TfliteWriteOptions write;
    write.overwrite = overwrite;
    return formats::tflite::WriteTflite(file, output.path, write);
  }
  EDGEOPT_TRY(const ir::Model model, formats::ReadOnnx(imported));
  return formats::WriteOnnx(model, output.path, {overwrite});
}

std::string Text(const report::Imported& imported, const frameworks::Source& source) {
  std::string text =
      source.name() + ": " + frameworks::Describe(source.kind) + ", read " + imported.way +
      (imported.version.empty() ? "" : ", " + imported.framework + " " + imported.version) + "\n";
  for (const json& attempt : imported.attempts)
    if (attempt.value("result", "") != "taken")
      text += "tried " + attempt.value("way", "") +
              (attempt["opset"].is_null() ? "" : ", opset " + attempt["opset"].dump()) +
              (attempt.value("simplified", false) ? ", simplified" : "") +
              (attempt.value("fixed_sizes", false) ? ", sizes fixed" : "") + ": " +
              attempt.value("result", "") + "\n";
  if (imported.verified.is_null())
    return text + "not verified against " + imported.framework + " (--unverified)\n";
  for (const json& output : imported.verified.value("outputs", json::array())) {
    text += "output " + output.value("name", "") + ": ";
    if (output.contains("range"))
      text += "differs from " + imported.framework + "'s by " + output["max_abs_error"].dump() +
              " at most, range " + output["range"].dump() + "\n";
    else
      text += output["unequal_elements"].dump() + " elements differ from " + imported.framework +
              "'s\n";
  }
  return text;
}

}  // namespace

Result<Answer> ConvertSource(const frameworks::Source& source, const SourceConversion& conversion,
                             Context& context) {
  const std::string& output = conversion.output.path;
  EDGEOPT_CHECK_OK(CheckOutput(output, conversion.output.force, source.path.string()));
  const bool tflite = HasEnding(output, ".tflite");
  if (!tflite && !HasEnding(output, ".onnx"))
    return UsageError("'" + output + "' has no format that convert writes",
                      "name the output *.tflite or *.onnx");
  EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
  pipeline::ImportRequest request;
  request.source = source;
  request.python = conversion.arguments.python;
  request.choice = {conversion.arguments.exporter, conversion.arguments.opset};
  request.unverified = conversion.unverified;
  request.to_tflite = tflite && source.framework() == frameworks::Framework::kTensorflow;
  EDGEOPT_TRY(const pipeline::ImportedFile imported,
              pipeline::ImportSource(request, folder.path(), ImportToolsOf(context)));
  const bool is_there =
      conversion.format_alone && imported.file.extension() == fs::path(output).extension();
  Answer answer;
  if (is_there) {
    EDGEOPT_CHECK_OK(WriteAsItIs(imported.file, conversion.output));
    answer.document["output"] = output;
  } else {
    EDGEOPT_TRY(answer, conversion.go_on(imported.file.string()));
  }
  answer.text = Text(imported.record, source) + answer.text;
  answer.document["imported"] = {
      {"framework", imported.record.framework}, {"version", imported.record.version},
      {"kind", frameworks::Name(source.kind)},  {"way", imported.record.way},
      {"attempts", imported.record.attempts},   {"verified", imported.record.verified}};
  for (const std::string& warning : imported.warnings)
    answer.document["warnings"].push_back(warning);
  return answer;
}

}  // namespace edgeopt::cli
