#include "report/plot.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "report/text.h"

namespace edgeopt::report {
namespace {

constexpr double kWidth = 720, kHeight = 360;
constexpr double kLeft = 70, kRight = 70, kTop = 40, kBottom = 50;
constexpr int kTicks = 5;
// Blue and vermilion are told apart by everybody (Wong, Nature Methods 8 (2011) 441).
constexpr std::array<const char*, 2> kColours = {"#0072b2", "#d55e00"};

// From a little below the smallest to a little above the largest value.
struct Axis {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void Take(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  void Widen(double ratio) {
    const double span = high > low ? high - low : std::max(std::abs(high), 1.0);
    low -= span * ratio;
    high += span * ratio;
  }
  double Share(double value) const { return (value - low) / (high - low); }
  double Tick(int i) const { return low + (high - low) * i / (kTicks - 1); }
};

std::string Escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&')
      escaped += "&amp;";
    else if (c == '<')
      escaped += "&lt;";
    else if (c == '>')
      escaped += "&gt;";
    else
      escaped += c;
  }
  return escaped;
}

std::string Coordinate(double value) {
  return std::to_string(std::lround(value * 10) / 10) + "." +
         std::to_string(std::lround(std::abs(value) * 10) % 10);
}

double X(const Axis& axis, double x) { return kLeft + axis.Share(x) * (kWidth - kLeft - kRight); }
double Y(const Axis& axis, double y) {
  return kHeight - kBottom - axis.Share(y) * (kHeight - kTop - kBottom);
}

std::string Text(double x, double y, const char* anchor, const std::string& text,
                 const std::string& more = {}) {
  return "<text x=\"" + Coordinate(x) + "\" y=\"" + Coordinate(y) + "\" text-anchor=\"" + anchor +
         "\"" + more + ">" + Escaped(text) + "</text>\n";
}

std::string XAxis(const Axis& axis, const std::string& label) {
  std::string svg;
  for (int i = 0; i < kTicks; ++i) {
    const double at = X(axis, axis.Tick(i));
    svg += "<line x1=\"" + Coordinate(at) + "\" y1=\"" + Coordinate(kTop) + "\" x2=\"" +
           Coordinate(at) + "\" y2=\"" + Coordinate(kHeight - kBottom) + "\" stroke=\"#ddd\"/>\n" +
           Text(at, kHeight - kBottom + 18, "middle", Number(axis.Tick(i)));
  }
  return svg + Text(kWidth / 2, kHeight - 10, "middle", label);
}

std::string YAxis(const Axis& axis, const std::string& label, size_t line) {
  const bool left = line == 0;
  const std::string colour = std::string(" fill=\"") + kColours[line] + "\"";
  const double at = left ? kLeft - 8 : kWidth - kRight + 8;
  std::string svg;
  for (int i = 0; i < kTicks; ++i)
    svg +=
        Text(at, Y(axis, axis.Tick(i)) + 4, left ? "end" : "start", Number(axis.Tick(i)), colour);
  return svg +
         Text(left ? kLeft : kWidth - kRight, kTop - 8, left ? "start" : "end", label, colour);
}

std::string Line(const Axis& x, const Axis& y, const PlotLine& line, size_t index) {
  std::string points;
  for (const auto& [at, value] : line.points)
    points += (points.empty() ? "" : " ") + Coordinate(X(x, at)) + "," + Coordinate(Y(y, value));
  return std::string("<polyline fill=\"none\" stroke-width=\"2\" stroke=\"") + kColours[index] +
         "\" points=\"" + points + "\"/>\n";
}

}  // namespace

std::string ToSvg(const Plot& plot) {
  Axis x;
  std::vector<Axis> y(plot.lines.size());
  for (size_t i = 0; i < plot.lines.size(); ++i) {
    if (plot.lines[i].points.empty()) return {};
    for (const auto& [at, value] : plot.lines[i].points) {
      x.Take(at);
      y[i].Take(value);
    }
    y[i].Widen(0.1);
  }
  if (x.low == x.high) x.Widen(0.5);
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " +
                    Coordinate(kWidth) + " " + Coordinate(kHeight) +
                    "\" font-family=\"sans-serif\" font-size=\"12\">\n"
                    "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n" +
                    Text(kWidth / 2, 20, "middle", plot.title, " font-weight=\"bold\"") +
                    XAxis(x, plot.x_label);
  for (size_t i = 0; i < std::min(plot.lines.size(), kColours.size()); ++i)
    svg += YAxis(y[i], plot.lines[i].label, i) + Line(x, y[i], plot.lines[i], i);
  return svg + "</svg>\n";
}

}  // namespace edgeopt::report
