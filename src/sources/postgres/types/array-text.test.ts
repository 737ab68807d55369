import assert from "node:assert/strict"
import { test } from "node:test"
import { arrayToJson, type ElementForm } from "./array-text.ts"

const cases: [string, ElementForm, string, string][] = [
  ["{}", "number", ",", "[]"],
  ["{1,NULL,-3}", "number", ",", "[1,null,-3]"],
  ["{{1,2},{3,4}}", "number", ",", "[[1,2],[3,4]]"],
  ["[0:1]={5,6}", "number", ",", "[5,6]"],
  ["[-1:0][2:3]={{1,2},{3,4}}", "number", ",", "[[1,2],[3,4]]"],
  ["{NaN,Infinity,-Infinity,1e+20,-0}", "number", ",", '["NaN","Infinity","-Infinity",1e+20,-0]'],
  ["{t,f,NULL}", "boolean", ",", "[true,false,null]"],
  ['{a,"b c","NULL",NULL,""}', "text", ",", '["a","b c","NULL",null,""]'],
  ['{"a\\"b","c\\\\d","{x}","e,f"}', "text", ",", '["a\\"b","c\\\\d","{x}","e,f"]'],
  ['{"new\nline",ä,🚰}', "text", ",", '["new\\nline","ä","🚰"]'],
  ['{"{\\"a\\": [1, 2]}",1,"null",NULL}', "json", ",", '[{"a": [1, 2]},1,null,null]'],
  ["{(1,1),(0,0);(2,2),(1,1)}", "text", ";", '["(1,1),(0,0)","(2,2),(1,1)"]'],
]

for (const [text, form, delimiter, json] of cases) {
  test(`${form} array ${JSON.stringify(text)}`, () => {
    assert.equal(arrayToJson(text, form, delimiter), json)
    assert.doesNotThrow(() => JSON.parse(json))
  })
}

test("an array that ends in the midst of a quoted element is an error", () => {
  assert.throws(() => arrayToJson('{"a', "text", ","), /unterminated/)
  assert.throws(() => arrayToJson('{"a\\', "text", ","), /unterminated/)
})
