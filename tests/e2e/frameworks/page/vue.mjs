import { computed, createApp, createSSRApp, defineComponent, h, shallowReactive, version } from "vue";

import { useTokenManager, useVodUploader } from "../../../../dist/vue.js";
import { asking, options, rendered, SERVED, shared, tests, text, Vod } from "./common.mjs";

const Upload = defineComponent({
  props: ["given"],
  setup(props) {
    const { keepAlive, source = "/api/sts", fails, late, asks, shares, signedOut, ...given } = props.given;
    const kept = keepAlive === undefined ? {} : { keepAlive };
    const own = asks ? asking(given.label) : shares ? shared(given.label) : source;
    const { tokens, status } = useTokenManager({ source: own, ...kept });
    const vod = fails
      ? { load: () => Promise.reject(new Error(fails)) }
      : late
        ? computed(() => (props.given.late ? null : Vod))
        : Vod;
    const known = signedOut ? computed(() => (props.given.signedOut ? null : tokens)) : tokens;
    const uploads = useVodUploader(vod, known, { ...options(given), ...kept });
    return () => {
      const { files, active, uploader, loadError, ...actions } = uploads;
      const state = { files: files.value, active: active.value, uploader: uploader.value, loadError: loadError.value };
      rendered({ tokens, status: status.value, ...state, ...actions });
      return h(
        "ul",
        state.files.map(({ id, name, state }) => h("li", { key: id }, `${name}: ${state}`)),
      );
    };
  },
});

const Served = defineComponent({
  props: ["keepAlive"],
  setup({ keepAlive }) {
    const { tokens, status } = useTokenManager({ source: "/api/sts", keepAlive });
    const { files, uploader, ...actions } = useVodUploader(Vod, tokens, { ...options({}), keepAlive });
    return () => {
      rendered({ tokens, status: status.value, ...actions, files: files.value, uploader: uploader.value });
      return h("p", text(status.value, files.value, uploader.value));
    };
  },
});

const props = shallowReactive({ given: {} });
let mounted;

globalThis.app = {
  ...tests,
  version,
  mount(given = {}) {
    props.given = given;
    if (mounted) return;
    mounted = createApp({ render: () => h(Upload, props) });
    mounted.mount("main");
  },
  hydrate(props) {
    document.querySelector("main").innerHTML = SERVED;
    mounted = createSSRApp({ render: () => h(Served, props) });
    mounted.mount("main");
  },
  unmount() {
    mounted.unmount();
    mounted = undefined;
  },
};
