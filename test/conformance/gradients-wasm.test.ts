import { gradientTests } from "./gradients.ts";

gradientTests("wasm, 1 thread");
