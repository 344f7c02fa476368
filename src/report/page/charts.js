// Draws the charts of a report with uPlot. Runs in the browser, inlined into the page; no network, no storage.
;(() => {
  const charts = JSON.parse(document.getElementById('chart-data').textContent)
  const height = 260
  const root = document.documentElement
  const drawn = []
  /** Parts that are open only for the printer. */
  const opened = []
  // Where scripts are switched off, or forbidden by the place that shows the page, the words stay and no empty box stands there.
  document.getElementById('no-charts')?.remove()
  root.classList.add('drawn')

  const colour = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim()
  const styles = [
    { stroke: 'line-a', width: 2 },
    { stroke: 'line-b', width: 1.5, dash: [6, 3] },
    { stroke: 'line-c', width: 1.5, dash: [2, 3] },
  ]
  const clock = (seconds) => {
    const whole = Math.round(seconds)
    return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
  }
  const number = (value) => {
    const size = Math.abs(value)
    return size >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)))
  }

  /** The axis shows all values, and each limit that does not squeeze them into a corner. */
  function range(chart) {
    const values = chart.lines.flatMap((line) => line.values.filter((value) => value !== null))
    const most = Math.max(0, ...values)
    const near = chart.limits.map((limit) => limit.value).filter((value) => value <= Math.max(most * 2.5, most + 5))
    const top = Math.max(most, ...near) || 1
    if (!chart.log) return [0, top * 1.12]
    const least = Math.min(...values.filter((value) => value > 0))
    return [least / 1.6, top * 1.6]
  }

  function shade(u, chart) {
    const { ctx, bbox } = u
    const pixel = devicePixelRatio
    ctx.save()
    ctx.beginPath()
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height)
    ctx.clip()
    for (const band of chart.bands) {
      const from = u.valToPos(band.from, 'x', true)
      const to = u.valToPos(band.to, 'x', true)
      ctx.fillStyle = colour(`band-${band.kind}`)
      ctx.fillRect(from, bbox.top, to - from, bbox.height)
    }
    ctx.fillStyle = colour('failed')
    for (const fault of chart.faults) {
      const from = u.valToPos(fault.from, 'x', true)
      ctx.fillRect(from, bbox.top, Math.max(2 * pixel, u.valToPos(fault.to, 'x', true) - from), 4 * pixel)
    }
    ctx.restore()
  }

  /** Above the lines, with a rim in the colour of the page, so that they can be read wherever a line runs. */
  function nameBands(u, chart) {
    const { ctx, bbox } = u
    const pixel = devicePixelRatio
    ctx.save()
    ctx.font = `${11 * pixel}px system-ui, sans-serif`
    ctx.textAlign = 'left'
    ctx.textBaseline = 'top'
    ctx.fillStyle = colour('muted')
    ctx.strokeStyle = colour('bg')
    ctx.lineWidth = 3 * pixel
    for (const band of chart.bands) {
      const from = u.valToPos(band.from, 'x', true)
      if (ctx.measureText(band.label).width >= u.valToPos(band.to, 'x', true) - from - 8 * pixel) continue
      ctx.strokeText(band.label, from + 5 * pixel, bbox.top + 8 * pixel)
      ctx.fillText(band.label, from + 5 * pixel, bbox.top + 8 * pixel)
    }
    ctx.restore()
  }

  function drawLimits(u, chart) {
    const { ctx, bbox } = u
    const pixel = devicePixelRatio
    const [bottom, top] = range(chart)
    ctx.save()
    ctx.strokeStyle = colour('limit')
    ctx.fillStyle = colour('limit')
    ctx.lineWidth = 1.5 * pixel
    ctx.font = `${11 * pixel}px system-ui, sans-serif`
    ctx.textAlign = 'right'
    const taken = []
    for (const limit of chart.limits) {
      if (limit.value > top || limit.value < bottom) continue
      const y = u.valToPos(limit.value, 'y', true)
      const [from, to] = [u.valToPos(limit.from, 'x', true), u.valToPos(limit.to, 'x', true)]
      ctx.setLineDash([5 * pixel, 4 * pixel])
      ctx.beginPath()
      ctx.moveTo(from, y)
      ctx.lineTo(to, y)
      ctx.stroke()
      const wide = ctx.measureText(limit.label).width
      const right = Math.max(to - 3 * pixel, bbox.left + wide + 4 * pixel)
      const box = [right - wide, right, y - 15 * pixel, y]
      if (wide > to - from || taken.some((other) => other[0] < box[1] && box[0] < other[1] && other[2] < box[3] && box[2] < other[3]))
        continue
      taken.push(box)
      ctx.textBaseline = 'bottom'
      ctx.fillText(limit.label, right, y - 2 * pixel)
    }
    ctx.restore()
  }

  function draw(chart, place, width) {
    const text = (_u, value, _line, point) =>
      point === null ? '–' : typeof value === 'number' ? `${number(value)}${chart.suffix}` : 'no data'
    const end = Math.max(...chart.bands.map((band) => band.to), chart.x.at(-1) ?? 0, 1)
    // All charts of a page show the same stretch of time, until somebody zooms into one.
    const [firstPoint, lastPoint] = [chart.x[0] ?? 0, chart.x.at(-1) ?? 0]
    const stretch = (_u, min, max) => (min <= firstPoint && max >= lastPoint ? [0, end] : [min, max])
    const axis = {
      stroke: () => colour('muted'),
      grid: { stroke: () => colour('grid'), width: 1 },
      ticks: { stroke: () => colour('grid'), width: 1 },
    }
    const options = {
      width,
      height,
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      scales: { x: { time: false, range: stretch }, y: { distr: chart.log ? 3 : 1, range: () => range(chart) } },
      legend: { live: true },
      series: [
        { label: 'time', value: (_u, value) => (value === null || value === undefined ? '–' : clock(value)) },
        ...chart.lines.map((line, n) => {
          const style = styles[n % styles.length]
          // A lone point between two gaps has no line: it is drawn as a dot.
          return {
            label: line.label,
            spanGaps: false,
            stroke: () => colour(style.stroke),
            width: style.width,
            dash: style.dash,
            value: text,
            points: { show: line.values.length < 60, size: 4 },
          }
        }),
      ],
      axes: [
        { ...axis, values: (_u, splits) => splits.map(clock), space: 56 },
        { ...axis, values: (_u, splits) => splits.map((value) => (value === null ? '' : `${number(value)}${chart.suffix}`)), size: 72 },
      ],
      hooks: { drawClear: [(u) => shade(u, chart)], draw: [(u) => drawLimits(u, chart), (u) => nameBands(u, chart)] },
    }
    return new uPlot(options, [chart.x, ...chart.lines.map((line) => line.values)], place)
  }

  function drawAll(width) {
    for (const plot of drawn.splice(0)) plot.destroy()
    charts.forEach((chart, n) => {
      const place = document.getElementById(`chart-${n}`)
      drawn.push(draw(chart, place, width ?? Math.max(240, place.clientWidth)))
    })
  }

  // Paper is white and narrow, whatever the screen is.
  addEventListener('beforeprint', () => {
    root.classList.add('printing')
    for (const part of document.querySelectorAll('details:not([open])')) {
      part.open = true
      opened.push(part)
    }
    drawAll(660)
  })
  addEventListener('afterprint', () => {
    root.classList.remove('printing')
    for (const part of opened.splice(0)) part.open = false
    drawAll()
  })

  let lastWidth = 0
  const first = document.getElementById('chart-0')
  if (!first) return
  new ResizeObserver(() => {
    if (first.clientWidth === lastWidth || root.classList.contains('printing')) return
    lastWidth = first.clientWidth
    drawAll()
  }).observe(first)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll())
})()
