import { conformanceTests } from "./suite.ts";

conformanceTests("layers");
