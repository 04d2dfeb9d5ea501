export { earshot, type EarshotPluginApi, type EarshotPluginOptions } from './earshot.ts'
