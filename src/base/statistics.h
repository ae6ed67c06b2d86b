// Statistics that measurements and metrics share: percentiles, confidence intervals, exact tests,
// the bootstrap. Pure functions, deterministic on every machine, safe from several threads.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <span>
#include <string>
#include <vector>

namespace edgeopt {

// A confidence interval and how it was found. `confidence` is what the interval really holds to:
// 0 where no interval is known (then low = high = the estimate).
struct Interval {
  double low = 0, high = 0;
  double confidence = 0.95;
  std::string method;  // "Wilson", "bootstrap over samples, 2000 resamples"
};

// --- Distributions. All probabilities and `p` are in [0, 1]. ---

double NormalCdf(double x);
// The x with NormalCdf(x) = p; minus or plus infinity at p = 0 or 1.
double NormalQuantile(double p);
// The x that Student's t with `degrees` > 0 degrees of freedom does not exceed with probability p.
double StudentQuantile(double p, double degrees);
// P(X <= k) for X ~ Binomial(n, p).
double BinomialCdf(int64_t k, int64_t n, double p);
// The smallest k with P(X <= k) >= probability for X ~ Binomial(n, p).
int64_t BinomialQuantile(double probability, int64_t n, double p);

// --- Proportions ---

// Wilson's score interval of a proportion (E. B. Wilson, JASA 22 (1927) 209). [0, 1] for 0 trials.
Interval WilsonInterval(int64_t successes, int64_t trials, double confidence = 0.95);
// Two-sided exact test of p = 1/2; for `successes` and trials of discordant pairs this is McNemar's
// exact test. 1 for 0 trials.
double SignTest(int64_t successes, int64_t trials);

// --- Percentiles. `sorted` is ascending; p is in per cent, 0 to 100. ---

// Linear interpolation between the closest ranks, x[(n - 1) p / 100] (numpy's default; type 7 of
// Hyndman and Fan, The American Statistician 50 (1996) 361). NaN for no value.
double Percentile(std::span<const double> sorted, double p);
// Distribution-free interval between two of the values (order statistics; the number of values
// below the true percentile is binomial: H. A. David, Order Statistics, section 7.1). Both tails
// hold at most (1 - confidence) / 2. With too few values for that, the interval ends at the
// smallest or largest value and `confidence` is the smaller one that it really holds to: a p99
// from 100 values has an interval, but not one of 95 %.
Interval PercentileInterval(std::span<const double> sorted, double p, double confidence = 0.95);
// The same where neighbours in time resemble each other (bursts, drift), so that n values say as
// much as fewer independent ones do. How many is read off the scatter of the shares of values up to
// the percentile among kBatches contiguous batches, with Student's t for so few of them (batch
// means of the indicator, whose variance is the percentile's: P. Heidelberger and P. A. W. Lewis,
// Operations Research 32 (1984) 185); the interval is then the one above of so many values. Never
// narrower than for independent values, which it takes fewer than 2 kBatches for. What changes more
// slowly than `series` is long, or between two processes, it can't know.
// `series` is in the order of time, `sorted` the same values.
inline constexpr size_t kBatches = 8;
Interval PercentileIntervalInTime(std::span<const double> series, std::span<const double> sorted,
                                  double p, double confidence = 0.95);

// The ratio a / b of two things measured in turns: a[i] and b[i] are neighbours in time and
// positive. Estimate: exp(median of log(a[i] / b[i])); interval: the sign test's, from order
// statistics of the log ratios, so neither drift common to both nor outliers move it. Both spans
// have one length, not 0.
struct RatioEstimate {
  double ratio = 1;
  Interval interval;
};
RatioEstimate PairedRatioInterval(std::span<const double> a, std::span<const double> b,
                                  double confidence = 0.95);

// --- The bootstrap (B. Efron, Annals of Statistics 7 (1979) 1) ---

inline constexpr int kResamples = 2000;
inline constexpr uint64_t kResampleSeed = 20250101;

// Draws n of n samples with replacement, again and again. Equal n and seed give equal draws, so
// two variants evaluated on the same samples can be compared draw by draw.
class Resampler {
 public:
  explicit Resampler(size_t samples, uint64_t seed = kResampleSeed)
      : counts_(samples), engine_(seed) {}
  // How often each sample is in the next draw. Valid until the next call.
  std::span<const uint32_t> Next();

 private:
  std::vector<uint32_t> counts_;
  std::mt19937_64 engine_;
};

// The statistic on `resamples` draws; it is given how often each sample counts.
std::vector<double> Bootstrap(size_t samples,
                              const std::function<double(std::span<const uint32_t>)>& statistic,
                              int resamples = kResamples, uint64_t seed = kResampleSeed);
// The middle part of bootstrap replicates, which holds `confidence` of them (percentile method).
// Replicates that are NaN (a draw on which the statistic is undefined) are left out.
Interval BootstrapInterval(std::vector<double> replicates, double confidence = 0.95);
// The same, corrected for the statistic's bias on draws (B. Efron, Canadian Journal of Statistics 9
// (1981) 139): the percentiles move by how far `estimate`, the statistic of the whole sample, is
// from the replicates' median, so that the interval holds it. Average precision has such a bias.
Interval BiasCorrectedInterval(std::vector<double> replicates, double estimate,
                               double confidence = 0.95);
// Of a statistic of plain values, for example their mean or a percentile.
Interval BootstrapInterval(std::span<const double> values,
                           const std::function<double(std::span<const double>)>& statistic,
                           uint64_t seed = kResampleSeed, double confidence = 0.95);

}  // namespace edgeopt
