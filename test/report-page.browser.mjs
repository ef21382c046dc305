// What a test asks of a page, run in the page itself: one object whose functions measure what is shown.
globalThis.measures = {
  /** Labels of drawings: how many are shown, how small the smallest is in pixels, and those that are cut off. */
  labels() {
    const shown = [...document.querySelectorAll('svg text')].filter((text) => text.getBoundingClientRect().width > 0);
    const sizes = shown.map((text) => {
      const svg = text.closest('svg');
      const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
      return Number.parseFloat(getComputedStyle(text).fontSize) * scale;
    });
    const isCut = (text) => {
      const own = text.getBoundingClientRect();
      const frame = text.closest('svg').getBoundingClientRect();
      return own.left < frame.left - 1 || own.right > frame.right + 1;
    };
    return {
      overflow: document.documentElement.scrollWidth - innerWidth,
      texts: shown.length,
      smallest: Math.min(...sizes),
      cut: shown.filter(isCut).map((text) => text.textContent),
      collisions: this.collisions(shown),
    };
  },

  /** Labels of one drawing that lie on each other. */
  collisions(shown) {
    const boxes = shown.map((text) => ({ text, svg: text.closest('svg'), box: text.getBoundingClientRect() }));
    return boxes.flatMap((one, place) =>
      boxes
        .slice(place + 1)
        .filter(
          (other) =>
            other.svg === one.svg &&
            one.box.left < other.box.right - 1 &&
            other.box.left < one.box.right - 1 &&
            one.box.top < other.box.bottom - 3 &&
            other.box.top < one.box.bottom - 3,
        )
        .map((other) => `${one.text.textContent} on ${other.text.textContent}`),
    );
  },

  /** Texts whose contrast with what is behind them is below 4.5 (WCAG 2.2: relative luminance, contrast ratio). */
  poorContrasts() {
    const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    const luminance = (colour) => {
      const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
      return 0.2126 * channel(red) + 0.7152 * channel(green) + 0.0722 * channel(blue);
    };
    const behind = (element) => {
      for (let at = element; at !== null; at = at.parentElement) {
        const { backgroundColor } = getComputedStyle(at);
        if (!backgroundColor.endsWith(', 0)')) return backgroundColor;
      }
      return 'rgb(255, 255, 255)';
    };
    const texts = 'p, li, dt, dd, th, td, h1, h2, small, code, pre, summary, a, b, svg text';
    return [...document.querySelectorAll(texts)].flatMap((element) => {
      const style = getComputedStyle(element);
      const colour = element.tagName === 'text' ? style.fill : style.color;
      const [one, two] = [luminance(colour), luminance(behind(element))];
      const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
      return contrast < 4.5 ? [`${element.tagName} ${contrast.toFixed(2)} ${element.textContent.slice(0, 40)}`] : [];
    });
  },

  /** Frames that scroll, and whether a keyboard reaches each and hears what it is. */
  frames() {
    return [...document.querySelectorAll('.frame')].map((frame) => frame.tabIndex === 0 && frame.ariaLabel !== null);
  },

  headings() {
    return [...document.querySelectorAll('h1, h2')].map(({ tagName }) => tagName);
  },

  focused() {
    return document.activeElement.textContent;
  },

  /** Colours of the page and of the lines of both worlds. */
  colours() {
    const stroke = (kind) => getComputedStyle(document.querySelector(`path.${kind}`)).stroke;
    return [getComputedStyle(document.body).backgroundColor, stroke('actual'), stroke('other')];
  },
};
