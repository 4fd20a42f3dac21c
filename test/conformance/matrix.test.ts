import { conformanceTests } from "./suite.ts";

conformanceTests("matrix");
