/** Starts the page. */
import { mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import App from "./app.svelte";

const target = document.querySelector("#app");
if (target === null) throw new Error("index.html lacks the element #app that the page is drawn into");
mount(App, { target });
