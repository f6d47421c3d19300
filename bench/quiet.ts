// What is counted, or takes long without doing much: side by side.

import { cost } from "./cost.ts";
import type { Table } from "./figures.ts";
import { idle } from "./idle.ts";
import { presence } from "./presence.ts";

export const quiet = (): Promise<Table[]> => Promise.all([presence(), cost(), idle()]);
