// A device clock that can be set wrong: everything in this document that asks for the time is told the wrong one.
{
  const Real = Date;
  let offset = 0;
  const now = () => Real.now() + offset;
  window.Date = class extends Real {
    constructor(...args) {
      if (args.length === 0) super(now());
      else super(...args);
    }

    static now() {
      return now();
    }
  };
  window.setDeviceClock = (ms) => void (offset = ms);
}
