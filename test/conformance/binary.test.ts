import { conformanceTests } from "./suite.ts";

conformanceTests("binary");
