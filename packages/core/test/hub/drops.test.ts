import { describe, expect, it } from 'vitest'
import { DROP_REPORT_INTERVAL, DropReports } from '../../src/hub/drops.ts'

describe('DropReports', () => {
  it('reports the first drop at once, then once in ten seconds with the count since', () => {
    const reports = new DropReports()
    expect(reports.count('a', 1000)).toEqual({ topic: 'a', count: 1 })
    for (let i = 0; i < 999; i++) expect(reports.count('a', 1000 + i)).toBeUndefined()
    expect(reports.count('a', 999 + DROP_REPORT_INTERVAL)).toBeUndefined()
    expect(reports.count('a', 1000 + DROP_REPORT_INTERVAL)).toEqual({ topic: 'a', count: 1001 })
    expect(reports.count('a', 1001 + DROP_REPORT_INTERVAL)).toBeUndefined()
  })

  it('counts topics apart', () => {
    const reports = new DropReports()
    reports.count('a', 0)
    expect(reports.count('b', 1)).toEqual({ topic: 'b', count: 1 })
  })

  it('reports rather twice than never when the clock is set back', () => {
    const reports = new DropReports()
    reports.count('a', 100_000)
    expect(reports.count('a', 50_000)).toEqual({ topic: 'a', count: 1 })
  })

  it('remembers a bounded number of topics', () => {
    const reports = new DropReports()
    for (let i = 0; i < 1001; i++) reports.count(`t${i}`, 0)
    expect(reports.count('t1000', 1)).toBeUndefined()
    expect(reports.count('t0', 1)).toEqual({ topic: 't0', count: 1 })
  })
})
