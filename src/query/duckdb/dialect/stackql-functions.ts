/** Functions of StackQL that the engine lacks, in the engine's words. (Source: StackQL's language specification, functions.) */
export const stackqlFunctions: Record<string, string> = {
  // A patch document that must stay text.
  string: "(a) AS CAST(a AS VARCHAR)",
  iif: "(c, a, b) AS CASE WHEN c THEN a ELSE b END",
}
