import { conformanceTests } from "./suite.ts";

conformanceTests("compare");
