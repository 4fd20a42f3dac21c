import { findCompiler } from "../setup/neighbours.ts";
import { nativeEngine } from "./engines.ts";
import { gradientTests } from "./gradients.ts";

gradientTests({ engine: nativeEngine, missing: findCompiler().missing, sparing: true });
