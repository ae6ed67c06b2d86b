#include "pipeline/compare_files.h"

#include <optional>
#include <variant>

#include "base/file.h"
#include "formats/onnx/onnx.h"
#include "formats/tflite/file.h"
#include "pipeline/float_io.h"
#include "pipeline/inner_values.h"
#include "pipeline/matched_session.h"
#include "pipeline/open_model.h"
#include "pipeline/samples.h"

namespace edgeopt::pipeline {
namespace {

namespace fs = std::filesystem;
namespace tflite = formats::tflite;

Result<FloatModel> Load(const AgentStarter& agents, const fs::path& file, int threads) {
  EDGEOPT_TRY(auto client, agents.Load(file, threads, /*spin=*/false));
  const Integers inputs = IntegersOf(client->model().inputs);
  return AsFloat(std::move(client), inputs);
}

// A model file of either format.
using Comparand = std::variant<ir::Model, tflite::File>;

Result<Comparand> Open(const fs::path& path) {
  if (FormatOf(path) == Format::kTflite) {
    EDGEOPT_TRY(tflite::File file, tflite::ReadTflite(path));
    return Comparand(std::move(file));
  }
  EDGEOPT_TRY(ir::Model model, formats::ReadOnnx(path));
  return Comparand(std::move(model));
}

Result<std::vector<InnerValue>> ValuesOf(const Comparand& comparand) {
  if (const auto* file = std::get_if<tflite::File>(&comparand)) return InnerValuesOf(*file);
  return InnerValuesOf(std::get<ir::Model>(comparand));
}

Status WriteWithOutputs(const Comparand& comparand, const std::vector<std::string>& names,
                        const fs::path& path) {
  if (const auto* file = std::get_if<tflite::File>(&comparand)) {
    EDGEOPT_TRY(const tflite::File changed, WithOutputs(*file, names));
    return tflite::WriteTflite(changed, path);
  }
  return formats::WriteOnnx(WithOutputs(std::get<ir::Model>(comparand), names), path);
}

// Both models, loaded; the other one is seen through the reference's inputs.
struct LoadedPair {
  FloatModel reference, other;
  std::unique_ptr<runtimes::Session> matched;

  measure::SessionPair sessions() const { return {*reference.session, *matched}; }
};

Result<LoadedPair> LoadPair(const AgentStarter& agents, const fs::path& reference,
                            const fs::path& other, int threads) {
  LoadedPair pair;
  EDGEOPT_TRY(pair.reference, Load(agents, reference, threads));
  EDGEOPT_TRY(pair.other, Load(agents, other, threads));
  EDGEOPT_TRY(pair.matched, MatchedTo(*pair.other.session, *pair.reference.session));
  return pair;
}

}  // namespace

Result<measure::Comparison> CompareFiles(const fs::path& reference, const fs::path& other,
                                         const AgentStarter& agents, const OpenSamples& open,
                                         const CompareFilesOptions& options) {
  EDGEOPT_TRY(const auto first, Open(reference));
  EDGEOPT_TRY(const auto second, Open(other));
  EDGEOPT_TRY(const LoadedPair whole, LoadPair(agents, reference, other, options.threads));
  EDGEOPT_TRY(const ComparedData data, open(whole.reference.raw->inputs()));
  EDGEOPT_TRY(const auto first_values, ValuesOf(first));
  EDGEOPT_TRY(const auto second_values, ValuesOf(second));
  SharedValues shared = Share(first_values, second_values);
  measure::Comparands comparands{whole.sessions(), {}, {}, std::move(shared.made_by)};
  std::optional<LoadedPair> inside;
  if (options.layers && !shared.reference.empty()) {
    EDGEOPT_TRY(const TemporaryFolder folder, TemporaryFolder::Create());
    EDGEOPT_CHECK_OK(WriteWithOutputs(first, shared.reference, folder.path() / "reference"));
    EDGEOPT_CHECK_OK(WriteWithOutputs(second, shared.other, folder.path() / "other"));
    EDGEOPT_TRY(inside, LoadPair(agents, folder.path() / "reference", folder.path() / "other",
                                 options.threads));
    comparands.inside.emplace(inside->sessions());
    comparands.layers = shared.reference;
  }
  return measure::Compare(comparands, SourceOf(*data.dataset, data.specs), data.dataset->size(),
                          options.compare);
}

}  // namespace edgeopt::pipeline
