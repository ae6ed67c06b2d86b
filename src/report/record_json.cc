// Record as JSON and back. Each struct lists its members once; the same list writes and reads.
#include "report/json_number.h"
#include "report/record.h"

namespace edgeopt::report {
namespace {

using nlohmann::json;

class Writer {
 public:
  explicit Writer(json& out) : out_(out) {}
  template <typename T>
  void operator()(const char* name, const T& value) {
    out_[name] = Of(value);
  }
  template <typename T>
  void Optional(const char* name, const T& value) {
    out_[name] = Of(value);
  }

 private:
  template <typename T>
  static json Of(const T& value);
  static json Of(double value) { return NumberToJson(value); }
  static json Of(Decision decision) { return std::string(Name(decision)); }
  static json Of(const json& value) { return value; }
  template <typename T>
  static json Of(const std::optional<T>& value) {
    return value ? Of(*value) : json(nullptr);
  }
  template <typename T>
  static json Of(const std::vector<T>& values) {
    json list = json::array();
    for (const T& value : values) list.push_back(Of(value));
    return list;
  }
  template <typename T>
  static json Of(const std::map<std::string, T>& values) {
    json object = json::object();
    for (const auto& [key, value] : values) object[key] = Of(value);
    return object;
  }
  json& out_;
};

// Reads into the members; the first error is kept, with the path to where it is.
class Reader {
 public:
  Reader(const json& in, std::string path, std::string& error)
      : in_(in), path_(std::move(path)), error_(error) {
    if (!in.is_object()) Fail(path_, "an object");
  }
  template <typename T>
  void operator()(const char* name, T& value) {
    const std::string path = path_.empty() ? name : path_ + "." + name;
    if (!error_.empty()) return;
    const auto found = in_.find(name);
    if (found == in_.end()) {
      error_ = path + " is missing";
      return;
    }
    Read(*found, path, value);
  }
  // A member that records of older versions lack: it keeps its default then.
  template <typename T>
  void Optional(const char* name, T& value) {
    if (in_.is_object() && in_.contains(name)) (*this)(name, value);
  }

 private:
  void Fail(const std::string& path, const char* expected) {
    if (error_.empty()) error_ = (path.empty() ? "the document" : path) + " is not " + expected;
  }
  template <typename T>
  void Read(const json& in, const std::string& path, T& value);
  void Read(const json& in, const std::string& path, double& value) {
    const auto number = NumberFromJson(in);
    number ? void(value = *number) : Fail(path, "a number");
  }
  void Read(const json& in, const std::string& path, int64_t& value) {
    in.is_number_integer() ? void(value = in.get<int64_t>()) : Fail(path, "an integer");
  }
  void Read(const json& in, const std::string& path, int& value) {
    in.is_number_integer() ? void(value = in.get<int>()) : Fail(path, "an integer");
  }
  void Read(const json& in, const std::string& path, bool& value) {
    in.is_boolean() ? void(value = in.get<bool>()) : Fail(path, "true or false");
  }
  void Read(const json& in, const std::string& path, std::string& value) {
    in.is_string() ? void(value = in.get<std::string>()) : Fail(path, "a text");
  }
  void Read(const json& in, const std::string&, json& value) { value = in; }
  void Read(const json& in, const std::string& path, Decision& value) {
    for (int i = 0; i <= static_cast<int>(Decision::kFailed); ++i) {
      value = static_cast<Decision>(i);
      if (in.is_string() && in.get_ref<const std::string&>() == Name(value)) return;
    }
    Fail(path, "a decision");
  }
  template <typename T>
  void Read(const json& in, const std::string& path, std::optional<T>& value) {
    value.reset();
    if (!in.is_null()) Read(in, path, value.emplace());
  }
  template <typename T>
  void Read(const json& in, const std::string& path, std::vector<T>& values) {
    if (!in.is_array()) return Fail(path, "a list");
    values.clear();
    for (const json& element : in) {
      const std::string here = path + "[" + std::to_string(values.size()) + "]";
      Read(element, here, values.emplace_back());
    }
  }
  template <typename T>
  void Read(const json& in, const std::string& path, std::map<std::string, T>& values) {
    if (!in.is_object()) return Fail(path, "an object");
    values.clear();
    for (const auto& [key, element] : in.items()) Read(element, path + "." + key, values[key]);
  }

  const json& in_;
  std::string path_;
  std::string& error_;
};

template <typename Io>
void Members(Io& io, Interval& x) {
  io("low", x.low);
  io("high", x.high);
  io("confidence", x.confidence);
  io("method", x.method);
}

template <typename Io>
void Members(Io& io, Latency& x) {
  io("p50_ms", x.p50_ms);
  io("p90_ms", x.p90_ms);
  io("p95_ms", x.p95_ms);
  io("p99_ms", x.p99_ms);
  io("mean_ms", x.mean_ms);
  io("p50_interval", x.p50_interval);
  io("p95_interval", x.p95_interval);
  io("p99_interval", x.p99_interval);
  io("samples", x.samples);
  io("throughput_per_s", x.throughput_per_s);
  io("load_ms", x.load_ms);
  io("peak_memory_bytes", x.peak_memory_bytes);
  io("threads", x.threads);
}

template <typename Io>
void Members(Io& io, Speedup& x) {
  io("ratio", x.ratio);
  io("interval", x.interval);
}

template <typename Io>
void Members(Io& io, PairedDifference& x) {
  io("method", x.method);
  io("difference", x.difference);
  io("interval", x.interval);
  io("p_value", x.p_value);
  io("samples", x.samples);
}

template <typename Io>
void Members(Io& io, Accuracy& x) {
  io("value", x.value);
  io("samples", x.samples);
  io("interval", x.interval);
  io("higher_is_better", x.higher_is_better);
  io("unit", x.unit);
  io("details", x.details);
  io("against_baseline", x.against_baseline);
}

template <typename Io>
void Members(Io& io, Step& x) {
  io("id", x.id);
  io("kind", x.kind);
  io("parameters", x.parameters);
  io("input", x.input);
  io("output", x.output);
  io("sha256", x.sha256);
  io("size_bytes", x.size_bytes);
  io("precision", x.precision);
  io("latency", x.latency);
  io("vs_baseline", x.vs_baseline);
  io("vs_best", x.vs_best);
  io("baseline_alongside", x.baseline_alongside);
  io("best_before", x.best_before);
  io("measured_under", x.measured_under);
  io("accuracy", x.accuracy);
  io("decision", x.decision);
  io("reason", x.reason);
  io("accepted_because", x.accepted_because);
  io("warnings", x.warnings);
  io("wall_s", x.wall_s);
  io("details", x.details);
  io("files", x.files);
  io.Optional("framework", x.framework);
}

template <typename Io>
void Members(Io& io, DataSource& x) {
  io("path", x.path);
  io("kind", x.kind);
  io("labels", x.labels);
  io("images", x.images);
  io("limit", x.limit);
  io("samples", x.samples);
  io("description", x.description);
}

template <typename Io>
void Members(Io& io, Suggestion& x) {
  io("what", x.what);
  io("estimate", x.estimate);
}

template <typename Io>
void Members(Io& io, Bottleneck& x) {
  io("summary", x.summary);
  io("suggestions", x.suggestions);
}

template <typename Io>
void Members(Io& io, Measuring& x) {
  io("host", x.host);
  io("agent_files", x.agent_files);
  io("lock_clocks", x.lock_clocks);
  io("sudo", x.sudo);
  io("power_mode", x.power_mode);
  io("sustained_s", x.sustained_s);
}

template <typename Io>
void Members(Io& io, LoadWindow& x) {
  io("begin_s", x.begin_s);
  io("end_s", x.end_s);
  io("runs", x.runs);
  io("p50_ms", x.p50_ms);
  io("p95_ms", x.p95_ms);
  io("hottest_c", x.hottest_c);
  io("slowest_cpu_mhz", x.slowest_cpu_mhz);
}

template <typename Io>
void Members(Io& io, Sustained& x) {
  io("step", x.step);
  io("problem", x.problem);
  io("windows", x.windows);
  io("steady_from_s", x.steady_from_s);
  io("steady_p50_ms", x.steady_p50_ms);
  io("steady_p95_ms", x.steady_p95_ms);
  io("steady_p99_ms", x.steady_p99_ms);
  io("steady_runs", x.steady_runs);
  io("throttled", x.throttled);
  io("measured_under", x.measured_under);
}

template <typename Io>
void Members(Io& io, Imported& x) {
  io("framework", x.framework);
  io("version", x.version);
  io("source", x.source);
  io("python", x.python);
  io("model", x.model);
  io("sha256", x.sha256);
  io("size_bytes", x.size_bytes);
  io("way", x.way);
  io("attempts", x.attempts);
  io("verified", x.verified);
}

template <typename Io>
void Members(Io& io, Resized& x) {
  io("asked", x.asked);
  io("inputs", x.inputs);
  io("nodes", x.nodes);
  io("original_takes_them", x.original_takes_them);
  io("model", x.model);
  io("sha256", x.sha256);
  io("size_bytes", x.size_bytes);
  io("verified", x.verified);
}

template <typename Io>
void Members(Io& io, DynamicSizes& x) {
  io("inputs", x.inputs);
  io("target", x.target);
  io("measured_at", x.measured_at);
}

template <typename Io>
void Members(Io& io, Record& x) {
  io("tool_version", x.tool_version);
  io("model_path", x.model_path);
  io("model_name", x.model_name);
  io("model_sha256", x.model_sha256);
  io("model_size_bytes", x.model_size_bytes);
  io("source_format", x.source_format);
  io("device", x.device);
  io("device_title", x.device_title);
  io("format", x.format);
  io.Optional("dla_core", x.dla_core);
  io("latency_label", x.latency_label);
  io("runtime", x.runtime);
  io("runtime_version", x.runtime_version);
  io("data", x.data);
  io("calibration", x.calibration);
  io("held_out_samples", x.held_out_samples);
  io("preprocessing", x.preprocessing);
  io("metric", x.metric);
  io("metric_parameters", x.metric_parameters);
  io("metric_needs_labels", x.metric_needs_labels);
  io("tolerance_ratio", x.tolerance_ratio);
  io("latency_target_ms", x.latency_target_ms);
  io("policy", x.policy);
  io("threads", x.threads);
  io.Optional("measuring", x.measuring);
  io.Optional("imported", x.imported);
  io.Optional("resized", x.resized);
  io.Optional("dynamic_sizes", x.dynamic_sizes);
  io("model_facts", x.model_facts);
  io("machine", x.machine);
  io("started_at", x.started_at);
  io("finished_at", x.finished_at);
  io("steps", x.steps);
  io("warnings", x.warnings);
  io("not_tried", x.not_tried);
  io("bottleneck", x.bottleneck);
  io.Optional("sustained", x.sustained);
  io.Optional("clocks", x.clocks);
  io("original_unchanged", x.original_unchanged);
}

template <typename T>
json Writer::Of(const T& value) {
  if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string>) {
    json object = json::object();
    Writer writer(object);
    // A Writer only reads. NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
    Members(writer, const_cast<T&>(value));
    return object;
  } else {
    return value;
  }
}

template <typename T>
void Reader::Read(const json& in, const std::string& path, T& value) {
  Reader reader(in, path, error_);
  Members(reader, value);
}

template <typename T>
json Write(const T& value) {
  json object = json::object();
  Writer writer(object);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast)
  Members(writer, const_cast<T&>(value));
  return object;
}

}  // namespace

json ToJson(const Record& record) { return Write(record); }
json ToJson(const Step& step) { return Write(step); }
json ToJson(const Latency& latency) { return Write(latency); }
json ToJson(const Speedup& speedup) { return Write(speedup); }
json ToJson(const Accuracy& accuracy) { return Write(accuracy); }

Result<Record> RecordFromJson(const json& document) {
  Record record;
  std::string error;
  Reader reader(document, "", error);
  Members(reader, record);
  if (!error.empty()) return BadInput(error);
  return record;
}

}  // namespace edgeopt::report
