#include "base/statistics.h"

#include <math.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace edgeopt {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string OrderStatistics(size_t low, size_t high, size_t count) {
  return "order statistics " + std::to_string(low) + " and " + std::to_string(high) + " of " +
         std::to_string(count);
}

// log Gamma without the global `signgam` that std::lgamma writes.
double LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

// The continued fraction of the incomplete beta function (DLMF 8.17.22), by Lentz's method.
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr int kMaxTerms = 100000;  // terms needed grow as the square root of max(a, b)
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < kTiny ? kTiny : d);
  double fraction = d;
  const auto step = [&](double coefficient) {
    d = 1 + coefficient * d;
    c = 1 + coefficient / c;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = std::abs(c) < kTiny ? kTiny : c;
    fraction *= c * d;
    return c * d;
  };
  for (int m = 1; m <= kMaxTerms; ++m) {
    step(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)));
    const double change = step(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)));
    if (std::abs(change - 1) < 1e-16) break;
  }
  return fraction;
}

// The regularized incomplete beta function I_x(a, b); a, b > 0.
double IncompleteBeta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on this side only; the other is its mirror image.
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, 1 - x) / b;
}

// P(T <= t) of Student's t (Abramowitz and Stegun 26.7.1 with 26.5.27).
double StudentCdf(double t, double degrees) {
  const double tail = 0.5 * IncompleteBeta(degrees / 2, 0.5, degrees / (degrees + t * t));
  return t > 0 ? 1 - tail : tail;
}

// The 1-based ranks whose values enclose the p-quantile, and what the interval holds to.
struct Ranks {
  size_t low, high;
  double confidence;
};
Ranks EnclosingRanks(size_t count, double p, double confidence) {
  const auto n = static_cast<int64_t>(count);
  const double tail = (1 - confidence) / 2;
  // With B values below the quantile, x[low] <= quantile <= x[high] unless B < low or B >= high.
  // BinomialQuantile is the largest rank whose lower tail P(B < low) stays within `tail`, and one
  // more than the upper quantile is the smallest whose upper tail does.
  const int64_t low = BinomialQuantile(tail, n, p);
  const int64_t high = BinomialQuantile(1 - tail, n, p) + 1;
  if (low >= 1 && high <= n)
    return {static_cast<size_t>(low), static_cast<size_t>(high), confidence};
  const int64_t low_used = std::max<int64_t>(low, 1), high_used = std::min(high, n);
  const double held = BinomialCdf(high_used - 1, n, p) - BinomialCdf(low_used - 1, n, p);
  return {static_cast<size_t>(low_used), static_cast<size_t>(high_used),
          std::clamp(held, 0.0, confidence)};
}

// How many independent values say as much about the quantile `value` as `series` does.
size_t IndependentCount(std::span<const double> series, double value, double confidence) {
  const size_t count = series.size();
  if (count < 2 * kBatches) return count;
  double shares = 0, squares = 0;
  for (size_t batch = 0; batch < kBatches; ++batch) {
    const size_t begin = batch * count / kBatches, end = (batch + 1) * count / kBatches;
    const auto values = series.subspan(begin, end - begin);
    const auto within =
        std::count_if(values.begin(), values.end(), [&](double one) { return one <= value; });
    const double share = static_cast<double>(within) / static_cast<double>(values.size());
    shares += share;
    squares += share * share;
  }
  constexpr auto kCount = static_cast<double>(kBatches);
  const double mean = shares / kCount;
  const double variance = std::max(0.0, squares / kCount - mean * mean) / (kCount - 1);
  // Few batches know their own scatter roughly: t is wider than the normal quantile by that.
  const double t = StudentQuantile(0.5 + confidence / 2, kCount - 1);
  const double widening = t / NormalQuantile(0.5 + confidence / 2);
  const double scatter = variance * widening * widening;
  // Of independent values it would be mean (1 - mean) / count.
  const double independent = mean * (1 - mean);
  if (scatter * static_cast<double>(count) <= independent) return count;
  return std::max<size_t>(1, static_cast<size_t>(independent / scatter));
}

}  // namespace

double NormalCdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

double NormalQuantile(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  if (p == 0.5) return 0;
  if (p > 0.5) return -NormalQuantile(1 - p);
  // Start within 4.5e-4 (Abramowitz and Stegun 26.2.23), then Newton steps on the exact tail, which
  // square the error.
  const double t = std::sqrt(-2 * std::log(p));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  constexpr double kInverseSqrt2Pi = 0.3989422804014327;
  for (int i = 0; i < 4; ++i) {
    const double density = kInverseSqrt2Pi * std::exp(-x * x / 2);
    if (density == 0) break;
    x -= (NormalCdf(x) - p) / density;
  }
  return x;
}

double StudentQuantile(double p, double degrees) {
  if (!(p >= 0 && p <= 1) || !(degrees > 0)) return kNaN;
  if (p == 0) return -kInfinity;
  if (p == 1) return kInfinity;
  if (p == 0.5) return 0;
  if (p > 0.5) return -StudentQuantile(1 - p, degrees);
  // The distribution function is increasing: bracket, then bisect to the last bit.
  double low = -1, high = 0;
  while (StudentCdf(low, degrees) > p && low > -1e300) low *= 2;
  while (true) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return middle;
    (StudentCdf(middle, degrees) < p ? low : high) = middle;
  }
}

double BinomialCdf(int64_t k, int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return IncompleteBeta(static_cast<double>(n - k), static_cast<double>(k) + 1, 1 - p);
}

int64_t BinomialQuantile(double probability, int64_t n, double p) {
  int64_t low = 0, high = n;  // the answer is in [low, high]
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (BinomialCdf(middle, n, p) >= probability)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

Interval WilsonInterval(int64_t successes, int64_t trials, double confidence) {
  if (trials <= 0) return {0, 1, confidence, "Wilson"};
  const auto n = static_cast<double>(trials);
  const double share = static_cast<double>(successes) / n;
  const double z = NormalQuantile(0.5 + confidence / 2);
  const double scale = 1 + z * z / n;
  const double centre = (share + z * z / (2 * n)) / scale;
  const double half = z / scale * std::sqrt(share * (1 - share) / n + z * z / (4 * n * n));
  // The ends are exactly 0 and 1 for none and all; rounding would leave 1e-17 there.
  return {successes == 0 ? 0 : centre - half, successes == trials ? 1 : centre + half, confidence,
          "Wilson"};
}

double SignTest(int64_t successes, int64_t trials) {
  const int64_t fewer = std::min(successes, trials - successes);
  return trials <= 0 ? 1 : std::min(1.0, 2 * BinomialCdf(fewer, trials, 0.5));
}

double Percentile(std::span<const double> sorted, double p) {
  if (sorted.empty()) return kNaN;
  const double position =
      static_cast<double>(sorted.size() - 1) * std::clamp(p, 0.0, 100.0) / 100.0;
  const auto below = static_cast<size_t>(position);
  const double part = position - static_cast<double>(below);
  // Also keeps infinite neighbours from becoming NaN.
  if (part == 0 || sorted[below] == sorted[below + 1]) return sorted[below];
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

Interval PercentileInterval(std::span<const double> sorted, double p, double confidence) {
  if (sorted.empty()) return {kNaN, kNaN, 0, "none: no values"};
  const Ranks ranks = EnclosingRanks(sorted.size(), std::clamp(p, 0.0, 100.0) / 100.0, confidence);
  return {sorted[ranks.low - 1], sorted[ranks.high - 1], ranks.confidence,
          OrderStatistics(ranks.low, ranks.high, sorted.size())};
}

Interval PercentileIntervalInTime(std::span<const double> series, std::span<const double> sorted,
                                  double p, double confidence) {
  const size_t count = sorted.size();
  const size_t worth = IndependentCount(series, Percentile(sorted, p), confidence);
  if (worth == count) return PercentileInterval(sorted, p, confidence);
  const Ranks ranks = EnclosingRanks(worth, std::clamp(p, 0.0, 100.0) / 100.0, confidence);
  // Each of the independent values stands for count / worth of these: from the first of those that
  // the low one stands for to the last of the high one's.
  const size_t low = (ranks.low - 1) * count / worth + 1;
  const size_t high = (ranks.high * count + worth - 1) / worth;
  return {sorted[low - 1], sorted[high - 1], ranks.confidence,
          OrderStatistics(low, high, count) + " that are worth " + std::to_string(worth)};
}

RatioEstimate PairedRatioInterval(std::span<const double> a, std::span<const double> b,
                                  double confidence) {
  std::vector<double> logs(std::min(a.size(), b.size()));
  for (size_t i = 0; i < logs.size(); ++i) logs[i] = std::log(a[i] / b[i]);
  std::sort(logs.begin(), logs.end());
  Interval interval = PercentileInterval(logs, 50, confidence);
  interval.low = std::exp(interval.low);
  interval.high = std::exp(interval.high);
  interval.method = "median of paired ratios, " + interval.method;
  return {std::exp(Percentile(logs, 50)), std::move(interval)};
}

}  // namespace edgeopt
