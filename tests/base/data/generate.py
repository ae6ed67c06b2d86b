"""Writes statistics.json: what SciPy, statsmodels and NumPy say. Needs scipy 1.17, statsmodels 0.15, numpy 2."""
import json
import pathlib

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

out = {}
out["normal_quantile"] = [[p, stats.norm.ppf(p)] for p in (1e-12, 0.0005, 0.025, 0.3, 0.5, 0.9, 0.975, 0.999999)]
out["student_quantile"] = [
    [p, df, stats.t.ppf(p, df)]
    for p in (0.001, 0.025, 0.4, 0.95, 0.975)
    for df in (1, 2, 4.5, 30, 1000)
]
out["binomial_cdf"] = [
    [k, n, p, stats.binom.cdf(k, n, p)]
    for k, n, p in ((0, 1, 0.5), (3, 10, 0.5), (7, 10, 0.9), (40, 100, 0.5), (989, 1000, 0.99),
                    (4800, 10000, 0.5), (499000, 1000000, 0.5), (2, 1000000, 1e-6), (100, 5000, 0.5))
]
out["binomial_quantile"] = [
    [q, n, p, int(stats.binom.ppf(q, n, p))]
    for q, n, p in ((0.025, 100, 0.5), (0.975, 100, 0.5), (0.025, 1000, 0.95), (0.975, 1000, 0.99), (0.3, 1, 0.5))
]
out["wilson"] = [
    [k, n, c, *(float(v) for v in proportion_confint(k, n, alpha=1 - c, method="wilson"))]
    for k, n, c in ((8, 10, 0.95), (8966, 10000, 0.95), (1, 1, 0.95), (0, 20, 0.9), (500, 1000, 0.99))
]
out["sign_test"] = [
    [b, b + c, float(mcnemar([[50, b], [c, 40]], exact=True).pvalue)]
    for b, c in ((3, 10), (10, 3), (0, 5), (7, 7), (40, 61), (200, 320), (1, 60))
]
values = sorted(float(v) for v in np.random.default_rng(5).gamma(2.0, 3.0, 23))
out["percentile"] = {"values": values, "expected": [[p, float(np.percentile(values, p))] for p in (0, 12.5, 50, 90, 95, 99, 100)]}


def ranks(n, p, confidence=0.95):
    """The enclosing ranks from the definition, by summing probabilities one rank after the other."""
    tail = (1 - confidence) / 2
    low = max((r for r in range(1, n + 1) if stats.binom.cdf(r - 1, n, p) <= tail), default=None)
    high = min((r for r in range(1, n + 1) if stats.binom.sf(r - 1, n, p) <= tail), default=None)
    held = stats.binom.cdf((high or n) - 1, n, p) - stats.binom.cdf((low or 1) - 1, n, p)
    return [n, 100 * p, low or 1, high or n, confidence if low and high else float(held)]


out["percentile_ranks"] = [ranks(n, p) for n, p in ((100, 0.5), (1000, 0.5), (1000, 0.95), (1000, 0.99), (100, 0.99), (100, 0.95), (5, 0.5), (6, 0.5), (1, 0.5))]
replicates = sorted(float(v) for v in np.random.default_rng(6).normal(0.35, 0.01, 201))
cases = []
for estimate in (0.34, 0.3499, replicates[150]):
    share = (np.sum(np.array(replicates) < estimate) + np.sum(np.array(replicates) == estimate) / 2) / len(replicates)
    ends = stats.norm.cdf(2 * stats.norm.ppf(share) + stats.norm.ppf([0.025, 0.975]))
    cases.append([estimate, *(float(v) for v in np.percentile(replicates, 100 * ends))])
out["bias_corrected"] = {"replicates": replicates, "expected": cases}
path = pathlib.Path(__file__).parent / "statistics.json"
path.write_text(json.dumps(out, indent=None, separators=(",", ":")).replace('],"', '],\n"') + "\n")
