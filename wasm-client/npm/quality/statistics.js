// One look at `getStats` as the flat list of numbers that samewire-quality takes: wasm-client/quality/src/flat.rs
// says in which order. Every browser leaves something out; NaN is what it does not say (R32).

const known = (value) => (typeof value === "number" ? value : NaN);

/** Firefox marks the pair; the others name it in the transport. */
function selectedPair(report, all) {
  for (const { type, selectedCandidatePairId } of all)
    if (type === "transport" && report.has(selectedCandidatePairId))
      return report.get(selectedCandidatePairId);
  return all.find(({ type, selected }) => type === "candidate-pair" && selected);
}

/**
 * @param report what `getStats` resolved with
 * @param way which connection this is, whether it is up, and the tracks that come and go
 * @param names the keys to read, the sources in their order, and what numbers a pair, a route and a limitation
 */
export function numbers(report, { connection, connected, comes, goes }, names) {
  const all = [...report.values()];
  const of = (type) => all.filter((entry) => entry.type === type);
  const values = (entry, keys) => keys.map((key) => known(entry?.[key]));
  const track = ({ source, muted }, ssrc) => [
    names.sources.indexOf(source),
    Number(muted),
    known(ssrc),
  ];

  const pair = selectedPair(report, all);
  const local = report.get(pair?.localCandidateId) ?? {};
  const route = names.route(local.candidateType ?? "", local.relayProtocol ?? local.protocol ?? "");
  const out = [connection, connected ?? NaN, pair ? names.pair(pair.id) : NaN, route];
  out.push(...values(pair, names.pairKeys));

  const inbound = [];
  for (const entry of of("inbound-rtp")) {
    const expected = comes.find(({ track }) => track && track === entry.trackIdentifier);
    if (expected) inbound.push([expected, entry]);
  }
  // What is announced and never comes is not unknown, once the way is there.
  if (connected)
    for (const expected of comes)
      if (!inbound.some(([reported]) => reported === expected))
        inbound.push([expected, { ssrc: 0, packetsReceived: 0 }]);
  out.push(inbound.length);
  for (const [expected, entry] of inbound)
    out.push(...track(expected, entry.ssrc), ...values(entry, names.inboundKeys));

  for (const entry of of("outbound-rtp")) {
    const sent = report.get(entry.mediaSourceId)?.trackIdentifier;
    const own = sent && goes.find(({ track }) => track === sent);
    // Nothing is named while nothing is handed to the sender.
    const source = own || goes.find(({ kind }) => kind === entry.kind);
    if (!source) continue;
    const remote = of("remote-inbound-rtp").find(({ localId }) => localId === entry.id);
    out.push(
      ...track({ source: source.source, muted: !own || own.muted }, entry.ssrc),
      names.limitation(entry.qualityLimitationReason ?? ""),
      ...values(entry, names.outboundKeys),
      Number(Boolean(remote)),
      ...values(remote, names.remoteKeys),
    );
  }
  return new Float64Array(out);
}
