// A line of NVIDIA's `tegrastats --interval MILLISECONDS`, which JetPack 5, 6 and 7 write
// differently. Fields that a line lacks, or that are switched off, are not known; fields that are
// not named here are skipped.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace edgeopt::hardware {

struct CpuLoad {
  bool online = false;  // "off" otherwise
  std::optional<int64_t> load_percent, mhz;
};

struct RailPower {
  double now_mw = 0;
  // Since tegrastats began; `peak_mw` is JetPack 7's third value.
  std::optional<double> average_mw, peak_mw;
};

struct Tegrastats {
  std::optional<int64_t> ram_used_mb, ram_total_mb;
  std::vector<CpuLoad> cpus;
  std::optional<int64_t> gpu_load_percent;
  std::vector<int64_t> gpu_mhz;                  // one, or one per GPC (JetPack 7)
  std::map<std::string, double> temperatures_c;  // now
  std::map<std::string, RailPower> rails;
};

// JetPack 5: "GR3D_FREQ 42%", "CPU@37.5C", "VDD_IN 5765mW/5765mW" (JetPack 4: "POM_5V_IN
// 5336/4970").
// JetPack 6: "CPU [23%@2201,off] … GR3D_FREQ 10%@1300 … cpu@52.968C … VDD_IN 5139mW/5139mW".
// JetPack 7: "GR3D_FREQ 12%@[1300,1300]" or "@[1000,1000]", "cpu@52.968C/52.968C",
// "VIN 124486mW/36487mW/124486mW".
// nullopt when the line holds none of the fields.
std::optional<Tegrastats> ParseTegrastats(std::string_view line);

}  // namespace edgeopt::hardware
