// Figures as people read them: one table, with how each library compares and whether the goals are met.

export function median(figures) {
  return [...figures].sort((one, other) => one - other)[figures.length >> 1]
}

/** The heading and a row per library of each case; ratios are to the case's first library. */
export function tableOf(results) {
  const rows = results.flatMap(({ name, unit, libraries, figures, goals = [] }) =>
    libraries.map((library, index) => [
      index === 0 ? name : '',
      library,
      `${amount(figures[library])} ${unit}`,
      index === 0 || figures[libraries[0]] === 0 ? '' : `${(figures[library] / figures[libraries[0]]).toFixed(2)} ×`,
      goals.filter(({ of = libraries[0] }) => of === library).map((goal) => verdict(goal, figures[library], figures)).join('; '),
    ]),
  )
  return [['case', 'library', 'figure', 'to the first', 'goals'], ...rows]
}

/** What is not as it was meant to be. */
export function missesOf(results) {
  return results.flatMap(({ name, libraries, figures, goals = [] }) =>
    goals.flatMap((goal) => {
      const library = goal.of ?? libraries[0]
      const text = verdict(goal, figures[library], figures)
      return text.endsWith('missed') ? [`${name}: ${library} ${text}`] : []
    }),
  )
}

export function plain(table) {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)))
  return table
    .map((row) => row.map((cell, column) => (column === 2 || column === 3 ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))).join('  ').trimEnd())
    .join('\n')
}

export function markdown(table) {
  const lines = table.map((row) => `| ${row.join(' | ')} |`)
  return [lines[0], '|---|---|--:|--:|---|', ...lines.slice(1)].join('\n')
}

function verdict({ atMost, atLeast, times }, figure, figures) {
  const unitless = times === undefined
  const value = unitless ? figure : figure / figures[times]
  const met = atMost === undefined ? value >= atLeast : value <= atMost
  const bound = `${atMost === undefined ? '≥' : '≤'} ${Number((atMost ?? atLeast).toFixed(2))}${unitless ? '' : ` × ${times}`}`
  return `${bound}: ${unitless ? '' : `${value.toFixed(2)}, `}${met ? 'met' : 'missed'}`
}

/** Three digits or more, never an exponent. */
function amount(figure) {
  if (figure === 0 || figure >= 100) return Math.round(figure).toLocaleString('en')
  return figure.toFixed(figure >= 10 ? 1 : figure >= 1 ? 2 : 3)
}
