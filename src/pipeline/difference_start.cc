#include "pipeline/difference_start.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <vector>

#include "ir/permute.h"
#include "report/text.h"

namespace edgeopt::pipeline {
namespace {

using ir::Tensor;

// A range below it is rounding, of what should be 0.
constexpr double kNoRange = 1e-6;
// Where the framework's last values were left out, what follows a missing one may be among them:
// as many as exporters fold into one (convolution, normalization, activation), twice over.
constexpr size_t kUnjudgedTail = 8;
// What is less alike than that is another layer's value.
constexpr double kLeastCosine = 0.9;

// A tensor's elements without a copy, where it is of float32.
class Elements {
 public:
  static Result<Elements> Of(const Tensor& tensor) {
    Elements elements;
    elements.tensor_ = tensor;
    if (tensor.type() == ir::DataType::kFloat32) return elements;
    EDGEOPT_TRY(elements.converted_, tensor.ToFloats());
    return elements;
  }
  std::span<const float> span() const {
    return converted_.empty() ? tensor_.as<float>() : std::span<const float>(converted_);
  }

 private:
  Tensor tensor_;  // keeps the bytes
  std::vector<float> converted_;
};

bool Agree(std::span<const float> wanted, std::span<const float> there, double limit) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    const float a = wanted[i], b = there[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) continue;
    if (!(std::fabs(double{a} - double{b}) <= limit)) return false;
  }
  return true;
}

struct Likeness {
  double cosine = 0, distance = 0;  // the angle's, and the sum of squared differences
  double max_abs_error = 0;
};

Likeness LikenessOf(std::span<const float> a, std::span<const float> b) {
  Likeness likeness;
  double product = 0, squares_a = 0, squares_b = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double x = a[i], y = b[i];
    product += x * y;
    squares_a += x * x;
    squares_b += y * y;
    likeness.distance += (x - y) * (x - y);
    likeness.max_abs_error = std::max(likeness.max_abs_error, std::fabs(x - y));
  }
  likeness.cosine = product / std::sqrt(squares_a * squares_b);
  return likeness;
}

// One of the framework's values.
struct WantedValue {
  Elements elements;
  ir::Dims dims;
  double range = 0;     // its largest absolute value that is finite
  bool telling = true;  // not constant
  bool has_peers = false, found = false;
  bool missing() const { return telling && has_peers && !found; }
};

Result<WantedValue> Wanted(const Tensor& tensor, double tolerance) {
  WantedValue wanted;
  EDGEOPT_TRY(wanted.elements, Elements::Of(tensor));
  wanted.dims = tensor.dims();
  double low = INFINITY, high = -INFINITY;
  for (const float x : wanted.elements.span()) {
    if (!std::isfinite(x)) continue;
    low = std::min(low, double{x});
    high = std::max(high, double{x});
  }
  wanted.range = std::max(std::fabs(low), std::fabs(high));
  wanted.telling =
      high > low && wanted.range > kNoRange && high - low > 2 * tolerance * wanted.range;
  return wanted;
}

// A value of the file in the orders in which a framework may hold it.
class Orders {
 public:
  explicit Orders(const Tensor& tensor) : tensor_(tensor) {}

  // Calls fn(elements) for each order that leads to these dims, until it returns true. Other dims
  // of as many elements are a view of the same order.
  template <typename Fn>
  Result<bool> Any(const ir::Dims& dims, Fn fn) {
    EDGEOPT_TRY(const Elements* same, In({}));
    if (fn(same->span())) return true;
    for (const auto& move : ir::ChannelMoves(tensor_.dims(), dims)) {
      if (std::ranges::is_sorted(move)) continue;
      EDGEOPT_TRY(const Elements* moved, In(move));
      if (fn(moved->span())) return true;
    }
    return false;
  }

 private:
  Result<const Elements*> In(const std::vector<int64_t>& move) {
    const auto known = made_.find(move);
    if (known != made_.end()) return &known->second;
    EDGEOPT_TRY(Elements elements,
                Elements::Of(move.empty() ? tensor_ : ir::Permuted(tensor_, move)));
    return &made_.emplace(move, std::move(elements)).first->second;
  }

  const Tensor& tensor_;
  std::map<std::vector<int64_t>, Elements> made_;
};

class Search {
 public:
  Search(const frameworks::InsideValues& framework, double tolerance)
      : framework_(framework), tolerance_(tolerance) {}

  Result<DifferenceStart> Run(const FileValues& file) {
    for (size_t i = 0; i < framework_.values.size(); ++i) {
      const Tensor& tensor = framework_.values[i].tensor;
      EDGEOPT_TRY(WantedValue wanted, Wanted(tensor, tolerance_));
      wanted_.push_back(std::move(wanted));
      by_count_[tensor.size()].push_back(i);
    }
    EDGEOPT_CHECK_OK(Each(file, [this](const FileValue& value) { return Match(value); }));
    return Tell(file);
  }

 private:
  // fn's errors end it, though the file's values go on.
  template <typename Fn>
  static Status Each(const FileValues& file, Fn fn) {
    Status status;
    EDGEOPT_CHECK_OK(file([&](const FileValue& value) {
      if (status.ok()) status = fn(value);
    }));
    return status;
  }

  Status Match(const FileValue& value) {
    const auto peers = by_count_.find(value.tensor.size());
    if (peers == by_count_.end()) return OkStatus();
    Orders orders(value.tensor);
    for (const size_t place : peers->second) {
      WantedValue& wanted = wanted_[place];
      wanted.has_peers = true;
      if (!wanted.telling || wanted.found) continue;
      EDGEOPT_TRY(wanted.found, orders.Any(wanted.dims, [&](std::span<const float> there) {
        return Agree(wanted.elements.span(), there, tolerance_ * wanted.range);
      }));
      if (wanted.found) taken_.insert(value.tensor.name);
    }
    return OkStatus();
  }

  // The first value that is missing, though it is not only folded into what is made of it.
  std::optional<size_t> FirstMissing() const {
    std::vector<bool> leads_to_found(wanted_.size());
    for (size_t i = wanted_.size(); i-- > 0;)
      if (wanted_[i].found || leads_to_found[i])
        for (const size_t source : framework_.values[i].made_of) leads_to_found[source] = true;
    const size_t unjudged = framework_.complete ? 0 : std::min(kUnjudgedTail, wanted_.size());
    for (size_t i = 0; i < wanted_.size() - unjudged; ++i)
      if (wanted_[i].missing() && !leads_to_found[i]) return i;
    return std::nullopt;
  }

  // The last value that was found among those that this one is made of; of all, without one.
  std::optional<size_t> LastFound(std::optional<size_t> before) const {
    std::vector<bool> counts(wanted_.size(), !before);
    if (before) counts[*before] = true;
    for (size_t i = before ? *before + 1 : wanted_.size(); i-- > 0;) {
      if (!counts[i]) continue;
      if (wanted_[i].found) return i;
      for (const size_t source : framework_.values[i].made_of) counts[source] = true;
    }
    return std::nullopt;
  }

  Result<DifferenceStart> Tell(const FileValues& file) const {
    const auto telling = std::ranges::count_if(
        wanted_, [](const WantedValue& wanted) { return wanted.telling && wanted.has_peers; });
    if (telling == 0) return Unsupported("no value inside can be compared with one in the file");
    DifferenceStart start;
    start.complete = framework_.complete;
    start.values = wanted_.size();
    start.found = static_cast<size_t>(std::ranges::count_if(wanted_, &WantedValue::found));
    const auto first = FirstMissing();
    if (const auto last = LastFound(first)) start.agrees_up_to = PlaceOf(*last);
    if (!first) return start;
    start.differs_from = PlaceOf(*first);
    EDGEOPT_TRY(start.closest, ClosestTo(wanted_[*first], file));
    return start;
  }

  DifferenceStart::Place PlaceOf(size_t i) const {
    return {framework_.values[i].tensor.name, framework_.values[i].kind};
  }

  // Among what no other value of the framework is.
  Result<std::optional<DifferenceStart::Closest>> ClosestTo(const WantedValue& wanted,
                                                            const FileValues& file) const {
    std::optional<DifferenceStart::Closest> closest;
    double nearest = INFINITY;
    EDGEOPT_CHECK_OK(Each(file, [&](const FileValue& value) -> Status {
      if (value.tensor.size() != static_cast<int64_t>(wanted.elements.span().size()) ||
          taken_.contains(value.tensor.name))
        return OkStatus();
      Orders orders(value.tensor);
      const auto all = orders.Any(wanted.dims, [&](std::span<const float> there) {
        const Likeness likeness = LikenessOf(wanted.elements.span(), there);
        if (!(likeness.cosine >= kLeastCosine && likeness.distance < nearest)) return false;
        nearest = likeness.distance;
        closest = {value.tensor.name, value.made_by, likeness.max_abs_error, wanted.range};
        return false;
      });
      return all.ok() ? OkStatus() : Status(all.error());
    }));
    return closest;
  }

  const frameworks::InsideValues& framework_;
  const double tolerance_;
  std::vector<WantedValue> wanted_;  // as framework_.values
  std::map<int64_t, std::vector<size_t>> by_count_;
  std::set<std::string> taken_;  // values of the file that are some value of the framework
};

std::string Named(const DifferenceStart::Place& place) {
  return "'" + place.name + "' (" + place.kind + ")";
}

nlohmann::json PlaceJson(const std::optional<DifferenceStart::Place>& place) {
  if (!place) return nullptr;
  return {{"name", place->name}, {"kind", place->kind}};
}

}  // namespace

std::string DifferenceStart::ToString() const {
  std::string text = "inside, ";
  if (!differs_from)
    text += "what can be compared agrees" +
            (agrees_up_to ? ", the last value that of " + Named(*agrees_up_to) : std::string());
  else if (!agrees_up_to)
    text += "it differs from " + Named(*differs_from) + " on";
  else
    text += "it agrees up to " + Named(*agrees_up_to) + " and differs from " +
            Named(*differs_from) + " on";
  if (closest)
    text += ", by " + report::Number(closest->max_abs_error) + " of a range of " +
            report::Number(closest->range) + " if '" + closest->name + "' (" + closest->made_by +
            ") is its counterpart in the file";
  if (!complete) text += "; only the first " + std::to_string(values) + " values were looked at";
  return text;
}

nlohmann::json ToJson(const DifferenceStart& start) {
  nlohmann::json told = {{"agrees_up_to", PlaceJson(start.agrees_up_to)},
                         {"differs_from", PlaceJson(start.differs_from)},
                         {"values", start.values},
                         {"found", start.found},
                         {"complete", start.complete}};
  if (start.closest)
    told["closest"] = {{"name", start.closest->name},
                       {"made_by", start.closest->made_by},
                       {"max_abs_error", start.closest->max_abs_error},
                       {"range", start.closest->range}};
  return told;
}

Result<DifferenceStart> FindDifferenceStart(const frameworks::InsideValues& framework,
                                            const FileValues& file, double tolerance) {
  return Search(framework, tolerance).Run(file);
}

}  // namespace edgeopt::pipeline
