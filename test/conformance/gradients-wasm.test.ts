import { engineOn } from "./engines.ts";
import { gradientTests } from "./gradients.ts";

gradientTests({ engine: () => engineOn("wasm, 1 thread") });
