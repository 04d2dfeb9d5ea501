import { WebKit } from '../support/webkit.ts'
import { browserCases } from './cases.ts'

// One process that is killed ends the driver's session.
browserCases(origin => WebKit.start(origin), { canKill: false })
