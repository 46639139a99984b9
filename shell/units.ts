// Counts, bytes and times as a person says them, in a few characters.

/** A count in at most five characters and its unit: `999`, `1.2 k`, `34 M`. */
export function compact(count: number): string {
  let scaled = count;
  for (const unit of ['', ' k', ' M', ' G']) {
    if (scaled < 999.5 || unit === ' G') return `${scaled < 9.95 && unit ? scaled.toFixed(1) : Math.round(scaled)}${unit}`;
    scaled /= 1_000;
  }
  return String(count);
}

/** Bytes: `12 kB`, `3.4 MB`. */
export function bytesText(bytes: number): string {
  const text = compact(bytes);
  return text.includes(' ') ? `${text}B` : `${text} B`;
}

/** Milliseconds: `45 ms`, `3.2 s`, `12 min`. */
export function msText(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 600_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`;
}
