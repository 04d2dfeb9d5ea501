import { passes } from './filter.ts'
import { withNews } from './with-news.ts'
import './line.css'

/** What makes and filters the entries of the log, and how they look. */
export const lines = { passes, withNews }
