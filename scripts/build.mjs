/** `npm run build`: src/ -> dist/, which is what the package ships. */
import { buildDist } from "./lib/compile.mjs";

if (!(await buildDist())) process.exitCode = 1;
