// How often each visual word occurs in an image (Csurka et al. 2004).

export function wordCounts(words, k) {
  const counts = new Array(k).fill(0);
  for (const word of words) counts[word] += 1;
  return counts;
}

// "l1": shares that sum to 1. "hellinger": their square roots. "l2": length 1.
export function normalizeHistogram(counts, norm) {
  const total = norm === "l2"
    ? Math.hypot(...counts) : counts.reduce((sum, value) => sum + value, 0);
  const shares = counts.map((value) => (total > 0 ? value / total : 0));
  return norm === "hellinger" ? shares.map(Math.sqrt) : shares;
}
