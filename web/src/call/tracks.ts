import type { Participant, Source } from "samewire";

export const isOn = ({ tracks }: Participant, source: Source): boolean =>
  tracks.some((track) => track.source === source && !track.muted);

/** The live tracks of these sources, for a media element. */
export const tracksOf = ({ tracks }: Participant, sources: Source[]): MediaStreamTrack[] =>
  tracks.flatMap(({ source, muted, track }) =>
    sources.includes(source) && !muted && track !== undefined ? [track] : [],
  );
