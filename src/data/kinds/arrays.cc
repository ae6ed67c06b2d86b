// NumPy's arrays, whose first axis counts the samples: an .npz file, a folder of .npy files, or one
// .npy file (of a model's only input). Arrays named like an input of the model are inputs, all
// others are targets; "label" is cast to int64. Labels of a single .npy or folder may lie in
// another .npy, named by the caller. An input of bytes, [height, width] or [height, width, 1 or 3]
// for each sample, is an image and is preprocessed where a description is given for it; any other
// input is handed to the model as it is.
#include <algorithm>
#include <set>

#include "base/hash.h"
#include "data/array_source.h"
#include "data/files.h"
#include "data/image_pipeline.h"
#include "data/npz.h"
#include "data/open.h"

namespace edgeopt::data {
namespace fs = std::filesystem;
namespace {

class Arrays : public Dataset {
 public:
  Arrays(std::string path, std::vector<ArraySource> inputs, std::vector<ArraySource> targets,
         std::optional<ImagePipeline> pipeline)
      : path_(std::move(path)),
        inputs_(std::move(inputs)),
        targets_(std::move(targets)),
        pipeline_(std::move(pipeline)) {}

  int64_t size() const override { return inputs_[0].count(); }
  Result<Sample> Load(int64_t index) const override {
    Sample sample;
    for (const ArraySource& source : inputs_) {
      EDGEOPT_TRY(ir::Tensor input, source.At(index));
      if (pipeline_ && pipeline_->preprocessing().For(input.name)) {
        auto loaded = pipeline_->Load(ToImage(input));
        if (!loaded.ok()) return loaded.error().Within(SampleName(index));
        std::move(loaded->inputs.begin(), loaded->inputs.end(), std::back_inserter(sample.inputs));
        std::move(loaded->targets.begin(), loaded->targets.end(),
                  std::back_inserter(sample.targets));
      } else {
        sample.inputs.push_back(std::move(input));
      }
    }
    for (const ArraySource& source : targets_) {
      EDGEOPT_TRY(ir::Tensor target, source.At(index));
      if (IsLabel(source)) {
        EDGEOPT_TRY(const std::vector<int64_t> values, target.ToInts());
        target = NamedInts("label", target.dims(), values);
      }
      sample.targets.push_back(std::move(target));
    }
    return sample;
  }
  std::string SampleName(int64_t index) const override {
    return "sample " + std::to_string(index) + " of " + path_;
  }
  Result<std::string> ContentHash(int64_t index) const override {
    Sha256 hash;
    for (const ArraySource& source : inputs_) {
      EDGEOPT_TRY(const ir::Tensor input, source.At(index));
      hash.Update(input.data().bytes());
      for (const std::string& text : input.strings())
        hash.Update(std::as_bytes(std::span(text.c_str(), text.size() + 1)));
    }
    return hash.Finish();
  }
  Result<std::vector<int64_t>> Classes(int64_t index) const override {
    for (const ArraySource& source : targets_) {
      if (!IsLabel(source) && source.name() != "classes") continue;
      EDGEOPT_TRY(const ir::Tensor classes, source.At(index));
      return classes.ToInts();
    }
    return std::vector<int64_t>();
  }
  bool labelled() const override { return !targets_.empty(); }
  const Preprocessing* preprocessing() const override {
    return pipeline_ ? &pipeline_->preprocessing() : nullptr;
  }
  std::string Describe() const override {
    std::string names;
    for (const ArraySource& input : inputs_) {
      names += names.empty() ? "" : ", ";
      names += (input.name().empty() ? "" : input.name() + " ") + ir::ToString(input.sample_dims());
    }
    return "arrays '" + path_ + "': " + std::to_string(size()) + " samples of " + names +
           (labelled() ? "" : " without targets");
  }

 private:
  static bool IsLabel(const ArraySource& source) {
    return source.name() == "label" && ir::IsInteger(source.type());
  }

  std::string path_;
  std::vector<ArraySource> inputs_, targets_;  // at least one input
  std::optional<ImagePipeline> pipeline_;
};

bool IsNpy(const fs::path& path) { return Lower(path.extension().string()) == ".npy"; }
bool IsNpz(const fs::path& path) { return Lower(path.extension().string()) == ".npz"; }

Result<ArraySource> ReadNpy(const fs::path& path, std::string name) {
  EDGEOPT_TRY(const Buffer file, Buffer::Map(path));
  auto source = ArraySource::FromNpy(std::move(name), file);
  if (!source.ok()) return source.error().Within(path.string());
  return source;
}

Result<std::vector<ArraySource>> ReadAll(const fs::path& path) {
  std::vector<ArraySource> sources;
  std::error_code why;
  if (fs::is_directory(path, why)) {
    EDGEOPT_TRY(const std::vector<fs::path> entries, ListFolder(path));
    for (const fs::path& entry : entries) {
      if (!IsNpy(entry)) continue;
      EDGEOPT_TRY(ArraySource source, ReadNpy(entry, entry.stem().string()));
      sources.push_back(std::move(source));
    }
  } else if (IsNpz(path)) {
    EDGEOPT_TRY(const std::vector<NpzMember> members, ReadNpz(path));
    for (const NpzMember& member : members) {
      auto source = ArraySource::FromNpy(member.name, member.npy);
      if (!source.ok())
        return source.error().Within(path.string() + ": array '" + member.name + "'");
      sources.push_back(*std::move(source));
    }
  } else {
    EDGEOPT_TRY(ArraySource source, ReadNpy(path, ""));
    sources.push_back(std::move(source));
  }
  return sources;
}

Status CheckCounts(const std::string& path, const std::vector<ArraySource>& sources) {
  for (const ArraySource& source : sources)
    if (source.count() != sources[0].count())
      return BadInput(path + ": array '" + source.name() + "' has " +
                          std::to_string(source.count()) + " samples, '" + sources[0].name() +
                          "' has " + std::to_string(sources[0].count()),
                      "the first axis of every array counts the samples");
  return OkStatus();
}

// Names that targets usually have; anything else is taken for an input where the model is unknown.
bool IsTargetName(std::string_view name) {
  constexpr std::string_view kTargets[] = {"label", "labels",    "target", "boxes",      "classes",
                                           "crowd", "difficult", "area",   "image_size", "image_id",
                                           "mask",  "text",      "y"};
  return std::find(std::begin(kTargets), std::end(kTargets), name) != std::end(kTargets);
}

bool IsInput(const ArraySource& source, const std::vector<InputSpec>& specs) {
  if (source.name().empty()) return true;
  if (specs.empty()) return !IsTargetName(source.name());
  return std::any_of(specs.begin(), specs.end(),
                     [&](const InputSpec& spec) { return spec.name == source.name(); });
}

// The pipeline for the input that a description was given for, which must hold images.
Result<std::optional<ImagePipeline>> MakePipeline(const OpenOptions& options,
                                                  const std::vector<ArraySource>& inputs) {
  if (!options.preprocessing) return std::optional<ImagePipeline>();
  EDGEOPT_TRY(ImagePipeline pipeline, ImagePipeline::Make(options));
  for (const ArraySource& input : inputs) {
    if (!pipeline.preprocessing().For(input.name())) continue;
    const ir::Dims& dims = input.sample_dims();
    if (!IsImage(input.type(), dims))
      return BadInput("'" + options.path + "' holds " + std::string(ir::Name(input.type())) + " " +
                          ir::ToString(dims) + " for each sample; " +
                          options.preprocessing->source +
                          " applies to images, bytes of [height, width] or [height, width, 1 or 3]",
                      "leave the preprocessing out for arrays that are ready for the model");
  }
  return std::optional<ImagePipeline>(std::move(pipeline));
}

// Renames a single unnamed array as the only input, and "labels" and "y" as what metrics look for.
Status AdoptNames(const OpenOptions& options, std::vector<ArraySource>* sources) {
  if (!options.labels.empty()) {
    EDGEOPT_TRY(ArraySource labels, ReadNpy(options.labels, "label"));
    sources->push_back(std::move(labels));
  }
  for (ArraySource& source : *sources) {
    const bool wanted =
        std::any_of(options.inputs.begin(), options.inputs.end(),
                    [&](const InputSpec& spec) { return spec.name == source.name(); });
    if (!wanted && (source.name() == "labels" || source.name() == "y")) source.Rename("label");
    if (source.name().empty() && options.inputs.size() == 1) source.Rename(options.inputs[0].name);
  }
  return OkStatus();
}

bool Matches(const OpenOptions& options) {
  const fs::path path = options.path;
  std::error_code why;
  if (!fs::is_directory(path, why)) return IsNpy(path) || IsNpz(path);
  const auto entries = ListFolder(path);
  return entries.ok() && std::any_of(entries->begin(), entries->end(), IsNpy);
}

Result<std::unique_ptr<Dataset>> OpenArrays(const OpenOptions& options) {
  EDGEOPT_TRY(std::vector<ArraySource> sources, ReadAll(options.path));
  EDGEOPT_CHECK_OK(AdoptNames(options, &sources));
  EDGEOPT_CHECK_OK(CheckCounts(options.path, sources));
  std::vector<ArraySource> inputs, targets;
  for (ArraySource& source : sources)
    (IsInput(source, options.inputs) ? inputs : targets).push_back(std::move(source));
  if (inputs.empty()) {
    std::string names, wanted;
    for (const ArraySource& target : targets)
      names += (names.empty() ? "'" : ", '") + target.name() + "'";
    for (const InputSpec& spec : options.inputs)
      wanted += (wanted.empty() ? "'" : ", '") + spec.name + "'";
    return BadInput("'" + options.path + "' has no array for a model input; it has " +
                        (names.empty() ? "none at all" : names),
                    wanted.empty() ? "" : "name the arrays as the model's inputs: " + wanted);
  }
  EDGEOPT_TRY(auto pipeline, MakePipeline(options, inputs));
  return std::unique_ptr<Dataset>(std::make_unique<Arrays>(
      options.path, std::move(inputs), std::move(targets), std::move(pipeline)));
}

}  // namespace

KindInfo arrays() {
  return {"arrays", "NumPy's .npz, .npy or a folder of .npy, by input name", Matches, OpenArrays,
          30};
}

}  // namespace edgeopt::data
