// Draws the charts of a page of the lab, in the page: the data is in the JSON element "charts".
(() => {
  // The palette of Okabe and Ito (2008), which all kinds of colour vision tell apart; dashes and marks beside it.
  const colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
  const dashes = [[], [7, 4], [2, 3], [10, 3, 2, 3]];
  const marks = ["circle", "triangle", "rect", "rectRot", "star", "cross"];
  const style = getComputedStyle(document.documentElement);
  const { Chart } = globalThis;
  Chart.defaults.color = style.getPropertyValue("--text");
  Chart.defaults.borderColor = style.getPropertyValue("--rule");
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;

  /** Labels of a logarithmic axis: powers of ten only, 1e-12 rather than a row of zeros. */
  const powerOfTen = (value) => {
    if (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) > 1e-9) return "";
    return value >= 1e-3 && value < 1e5 ? String(Number(value.toPrecision(1))) : value.toExponential(0);
  };

  const axis = (text, logarithmic, range) => ({
    type: logarithmic ? "logarithmic" : "linear",
    title: { display: true, text },
    ...(logarithmic ? { ticks: { callback: powerOfTen, maxRotation: 0 } } : {}),
    ...(range ? { min: range[0], max: range[1] } : {}),
  });

  /** A picture in the area between the axes, behind everything else. */
  const behind = (url) => {
    const image = new Image();
    const draw = ({ ctx, chartArea: { left, top, width, height } }) => {
      if (!image.complete) return;
      ctx.save();
      ctx.globalAlpha = 0.45;
      ctx.drawImage(image, left, top, width, height);
      ctx.restore();
    };
    const install = (chart) => {
      image.onload = () => chart.draw();
      image.src = url;
    };
    return { id: "behind", install, beforeDatasetsDraw: draw };
  };

  /** A dashed curve goes with the one before it and has its colour; where there is one, all others are drawn through. */
  const looks = (series) => {
    const pairs = series.some(({ style }) => style === "dashed");
    let drawn = -1;
    return series.map(({ style }, i) => {
      if (style !== "dashed" || i === 0) drawn++;
      return {
        borderColor: colours[drawn % colours.length],
        backgroundColor: colours[drawn % colours.length],
        borderDash: style === "dashed" ? [6, 4] : pairs ? [] : dashes[drawn % dashes.length],
        pointStyle: marks[drawn % marks.length],
      };
    });
  };

  const curves = ({ x, y, series, options, background }) => ({
    type: "scatter",
    plugins: background ? [behind(background)] : [],
    data: {
      datasets: series.map(({ label, points, style: how }, i) => ({
        ...looks(series)[i],
        label,
        data: points.map(([px, py]) => ({ x: px, y: py })),
        showLine: how !== "dots",
        borderWidth: 2,
        pointRadius: how === "dots" || points.length <= 30 ? 3.5 : 0,
      })),
    },
    options: {
      scales: { x: axis(x, options.logX, options.xRange), y: axis(y, options.logY, options.yRange) },
    },
  });

  const bars = ({ categories, y, series, logY }) => ({
    type: "bar",
    data: {
      labels: categories,
      datasets: series.map(({ label, values }, i) => ({
        label,
        data: values,
        backgroundColor: colours[i % colours.length],
      })),
    },
    options: { scales: { y: axis(y, logY) } },
  });

  /** The legend's lines, dashed as the curves are. */
  const dashedLabels = (chart) =>
    Chart.defaults.plugins.legend.labels
      .generateLabels(chart)
      .map((item) => ({ ...item, lineDash: chart.data.datasets[item.datasetIndex].borderDash }));

  for (const block of JSON.parse(document.getElementById("charts").textContent)) {
    const chart = block.kind === "curves" ? curves(block) : bars(block);
    const labels =
      block.kind === "curves"
        ? { usePointStyle: true, pointStyle: "line", pointStyleWidth: 36, generateLabels: dashedLabels }
        : {};
    const legend = { display: block.series.length > 1, labels };
    chart.options = {
      ...chart.options,
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "nearest", intersect: false },
      plugins: { legend },
    };
    new Chart(document.getElementById(block.id), chart);
  }
})();
