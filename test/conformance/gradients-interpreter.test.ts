import { gradientTests } from "./gradients.ts";

gradientTests("interpreter, 4 lanes");
