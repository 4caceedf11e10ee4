import { computed, createApp, defineComponent, h, shallowReactive, version } from "vue";

import { useTokenManager, useVodUploader } from "../../../../dist/vue.js";
import { options, rendered, tests, Vod } from "./common.mjs";

const Upload = defineComponent({
  props: ["given"],
  setup(props) {
    const { keepAlive, source = "/api/sts", fails, late, ...given } = props.given;
    const kept = keepAlive === undefined ? {} : { keepAlive };
    const { tokens, status } = useTokenManager({ source, ...kept });
    const vod = fails
      ? { load: () => Promise.reject(new Error(fails)) }
      : late
        ? computed(() => (props.given.late ? null : Vod))
        : Vod;
    const uploads = useVodUploader(vod, tokens, { ...options(given), ...kept });
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
  unmount() {
    mounted.unmount();
    mounted = undefined;
  },
};
