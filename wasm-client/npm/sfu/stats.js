// The statistics of several connections as one report.

/** The report of each connection, its ids told apart, in one map. A connection that is closed has none. */
export async function statistics(connections) {
  const reports = await Promise.all(connections.map((pc) => pc.getStats().catch(() => new Map())));
  const all = new Map();
  reports.forEach((report, place) => {
    // The first keeps its ids, so that a leg of one connection tells what its browser told.
    const named = (id) => (place ? `${place}:${id}` : id);
    report.forEach((entry, id) => {
      const own = { ...entry, id: named(id) };
      for (const [key, value] of Object.entries(own))
        if (key.endsWith("Id") && report.has(value)) own[key] = named(value);
      all.set(own.id, own);
    });
  });
  return all;
}
