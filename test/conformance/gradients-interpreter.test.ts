import { engineOn } from "./engines.ts";
import { gradientTests } from "./gradients.ts";

gradientTests({ engine: () => engineOn("interpreter, 4 lanes") });
