#include "pipeline/matched_session.h"

#include <algorithm>
#include <optional>

#include "ir/permute.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;
using runtimes::TensorSpec;

// For each of `wanted` the place of its counterpart in `there`: by name, else all by place.
std::optional<std::vector<size_t>> Pairing(const std::vector<TensorSpec>& wanted,
                                           const std::vector<TensorSpec>& there) {
  std::vector<size_t> places;
  for (const TensorSpec& spec : wanted) {
    const auto found =
        std::ranges::find_if(there, [&](const TensorSpec& t) { return t.name == spec.name; });
    if (found == there.end()) break;
    places.push_back(static_cast<size_t>(found - there.begin()));
  }
  if (places.size() == wanted.size()) return places;
  if (wanted.size() != there.size()) return std::nullopt;
  places.resize(wanted.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i;
  return places;
}

std::string Described(const TensorSpec& spec) {
  return "'" + spec.name + "' (" + std::string(ir::Name(spec.type)) + ir::ToString(spec.dims) + ")";
}

class MatchedSession : public runtimes::Session {
 public:
  MatchedSession(runtimes::Session& session, std::vector<TensorSpec> inputs,
                 std::vector<TensorSpec> outputs)
      : session_(session), inputs_(std::move(inputs)), outputs_(std::move(outputs)) {}

  Status Match() {
    const auto inputs = Pairing(inputs_, session_.inputs());
    const auto outputs = Pairing(outputs_, session_.outputs());
    if (!inputs || inputs->size() != session_.inputs().size())
      return BadInput("one model has " + std::to_string(inputs_.size()) + " inputs, the other " +
                          std::to_string(session_.inputs().size()) + ", and their names differ",
                      "compare models that take the same data");
    if (!outputs)
      return BadInput("one model has " + std::to_string(outputs_.size()) + " outputs, the other " +
                          std::to_string(session_.outputs().size()) + ", and their names differ",
                      "compare models that have the same outputs");
    input_places_ = *inputs;
    output_places_ = *outputs;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const TensorSpec& wanted = inputs_[i];
      const TensorSpec& there = session_.inputs()[input_places_[i]];
      // Without dims the rank is open, or it is a scalar.
      auto moves = ir::ChannelMoves(wanted.dims, there.dims);
      if (moves.empty() && (wanted.dims.empty() || there.dims.empty())) moves = {{}};
      if (moves.empty() || wanted.type != there.type)
        return BadInput(
            "input " + Described(wanted) + " of one model is " + Described(there) + " in the other",
            "compare models that take the same data");
      moves_.push_back(std::move(moves.front()));
    }
    return OkStatus();
  }

  const std::vector<TensorSpec>& inputs() const override { return inputs_; }
  const std::vector<TensorSpec>& outputs() const override { return outputs_; }

  Result<std::vector<Tensor>> Run(const std::vector<Tensor>& inputs) override {
    std::vector<Tensor> given;
    for (const Tensor& input : inputs) given.push_back(Adapted(input));
    EDGEOPT_TRY(std::vector<Tensor> made, session_.Run(given));
    std::vector<Tensor> outputs;
    for (size_t i = 0; i < outputs_.size(); ++i) {
      outputs.push_back(made[output_places_[i]]);
      outputs.back().name = outputs_[i].name;
    }
    return outputs;
  }

  Result<std::vector<std::vector<runtimes::ProfileEvent>>> EndProfile() override {
    return session_.EndProfile();
  }

 private:
  Tensor Adapted(const Tensor& input) const {
    const auto place = std::ranges::find_if(inputs_, [&](const TensorSpec& spec) {
      return spec.name == input.name || (input.name.empty() && inputs_.size() == 1);
    });
    if (place == inputs_.end()) return input;  // the runtime names what it has
    const auto i = static_cast<size_t>(place - inputs_.begin());
    const bool moved =
        moves_[i].size() == input.dims().size() && !std::ranges::is_sorted(moves_[i]);
    Tensor adapted = moved ? ir::Permuted(input, moves_[i]) : input;
    adapted.name = session_.inputs()[input_places_[i]].name;
    return adapted;
  }

  runtimes::Session& session_;
  std::vector<TensorSpec> inputs_, outputs_;
  std::vector<size_t> input_places_, output_places_;  // in session_
  std::vector<std::vector<int64_t>> moves_;           // of each input's axes; empty: none
};

Result<std::unique_ptr<runtimes::Session>> Matched(runtimes::Session& session,
                                                   std::vector<TensorSpec> inputs,
                                                   std::vector<TensorSpec> outputs) {
  auto matched = std::make_unique<MatchedSession>(session, std::move(inputs), std::move(outputs));
  EDGEOPT_CHECK_OK(matched->Match());
  return std::unique_ptr<runtimes::Session>(std::move(matched));
}

}  // namespace

Result<std::unique_ptr<runtimes::Session>> MatchedTo(runtimes::Session& session,
                                                     const runtimes::Session& like) {
  return Matched(session, like.inputs(), like.outputs());
}

Result<std::unique_ptr<runtimes::Session>> WithInputs(runtimes::Session& session,
                                                      const std::vector<TensorSpec>& inputs) {
  return Matched(session, inputs, session.outputs());
}

}  // namespace edgeopt::pipeline
