// A line plot as SVG 1.1 (W3C Recommendation, 16 August 2011), in one self-contained text: what a
// browser, an editor's preview and a repository's viewer show.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace edgeopt::report {

// A quantity with an axis of its own: the first one's is on the left, the second one's on the
// right.
struct PlotLine {
  std::string label;                              // "p50, ms"
  std::vector<std::pair<double, double>> points;  // (x, y), finite, in order of x
};

struct Plot {
  std::string title, x_label;
  std::vector<PlotLine> lines;  // one or two
};

// Empty when a line has no points.
std::string ToSvg(const Plot& plot);

}  // namespace edgeopt::report
