// Pages of frameworks: each keeps the token manager and the uploader as such a page does, and uses them through that.
import { produce } from "immer";
import { makeAutoObservable, observable } from "mobx";
import { createPinia, defineStore } from "pinia";
import { proxy, ref as valtioRef } from "valtio/vanilla";
import { createApp, markRaw, reactive, readonly, ref, shallowRef } from "vue";
import Vue2 from "vue2/dist/vue.runtime.common.prod.js";

/** What a framework shows is of no interest here. */
const render = () => null;
const mount = (component, plugin) => {
  const app = createApp({ render, ...component });
  if (plugin) app.use(plugin);
  return app.mount(document.createElement("div"));
};

/** Wraps everything that is read through it, again and again, and knows nothing of what it wraps. */
const membrane = (target) =>
  new Proxy(target, {
    get(object, name, receiver) {
      const value = Reflect.get(object, name, receiver);
      return typeof value === "object" && value !== null && !(value instanceof Blob) && !(value instanceof Promise)
        ? membrane(value)
        : value;
    },
  });

const kept = () => ({ tokens: null, uploader: null });
const plain = (held) => ({ set: (name, value) => (held[name] = value), get: (name) => held[name] });

/** Name → a place to keep the two, in that framework's way. */
const PLACES = {
  "no framework": () => plain(kept()),
  "Vue 3, ref() in setup()": () => {
    const held = { tokens: ref(null), uploader: ref(null) };
    mount({ setup: () => held });
    return { set: (name, value) => (held[name].value = value), get: (name) => held[name].value };
  },
  "Vue 3, shallowRef()": () => {
    const held = { tokens: shallowRef(null), uploader: shallowRef(null) };
    return { set: (name, value) => (held[name].value = value), get: (name) => held[name].value };
  },
  "Vue 3, data()": () => plain(mount({ data: kept })),
  "Vue 3, reactive()": () => plain(reactive(kept())),
  "Vue 3, readonly(reactive())": () => {
    const held = reactive(kept());
    return { set: (name, value) => (held[name] = value), get: (name) => readonly(held)[name] };
  },
  "Vue 3, markRaw()": () => {
    const held = reactive(kept());
    return { set: (name, value) => (held[name] = markRaw(value)), get: (name) => held[name] };
  },
  Pinia: () => {
    const pinia = createPinia();
    mount({}, pinia);
    return plain(defineStore("upload", { state: kept })(pinia));
  },
  "Vue 2, data()": () => plain(new Vue2({ data: kept, render: () => null })),
  "MobX, observable()": () => plain(observable(kept())),
  "MobX, makeAutoObservable()": () => {
    class Store {
      tokens = null;
      uploader = null;
      constructor() {
        makeAutoObservable(this);
      }
    }
    return plain(new Store());
  },
  Immer: () => {
    let state = kept();
    return {
      set: (name, value) => (state = produce(state, (draft) => void (draft[name] = value))),
      get: (name) => state[name],
    };
  },
  // Valtio changes what it wraps, files included, and asks for ref() around objects of classes.
  "Valtio, ref()": () => {
    const held = proxy(kept());
    return {
      set: (name, value) => (held[name] = name === "tokens" ? value : valtioRef(value)),
      get: (name) => held[name],
    };
  },
  "a proxy of proxies": () => plain(membrane(membrane(kept()))),
};

window.places = PLACES;
window.produce = produce;
