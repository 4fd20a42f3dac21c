import { conformanceTests } from "./suite.ts";

conformanceTests("view");
