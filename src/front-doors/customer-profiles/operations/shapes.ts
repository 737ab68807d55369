/** Shapes that operations of several kinds share. (Source: the customer-profiles service model, 2020-08-15.) */

export const nameShape = { kind: "string", min: 1, max: 64, pattern: "[a-zA-Z0-9_-]+" } as const

export const expirationDaysIntegerShape = { kind: "integer", min: 1, max: 1098 } as const

export const encryptionKeyShape = { kind: "string", min: 0, max: 255 } as const

export const flagShape = { kind: "boolean" } as const

export const string1To255Shape = { kind: "string", min: 1, max: 255 } as const

export const tagKeyShape = { kind: "string", min: 1, max: 128, pattern: "(?!aws:)[a-zA-Z+-=._:/]+" } as const

export const tagValueShape = { kind: "string", max: 256 } as const

export const tagMapShape = { kind: "map", key: tagKeyShape, value: tagValueShape, max: 50 } as const

export const textShape = { kind: "string", min: 1, max: 1000 } as const

export const timestampShape = { kind: "timestamp" } as const

export const messageShape = { kind: "string" } as const

export const tokenShape = { kind: "string", min: 1, max: 1024 } as const

export const maxSize100Shape = { kind: "integer", min: 1, max: 100 } as const

export const typeNameShape = { kind: "string", min: 1, max: 255, pattern: "[a-zA-Z_][a-zA-Z_0-9-]*" } as const

export const sensitiveTextShape = { kind: "string", min: 1, max: 1000 } as const

export const fieldNameShape = { kind: "string", min: 1, max: 64, pattern: "[a-zA-Z0-9_.-]+" } as const

export const uuidShape = { kind: "string", pattern: "[a-f0-9]{32}" } as const

export const requestValueListShape = { kind: "list", itemName: "member", item: string1To255Shape } as const
