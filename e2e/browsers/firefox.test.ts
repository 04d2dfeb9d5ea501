import { Firefox } from '../support/firefox.ts'
import { browserCases } from './cases.ts'

browserCases(origin => Firefox.start(origin), { canKill: true })
