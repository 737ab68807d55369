/** How many rows each table of the shop begins with. */
export interface ShopSize {
  customers: number
  products: number
  orders: number
  orderItems: number
  pageViews: number
}

export const itemsPerOrder = 2

/** `total` rows, shared out among the tables as in a shop. */
export function shopSize(total: number): ShopSize {
  const customers = Math.max(1, Math.floor(total * 0.08))
  const products = Math.max(1, Math.floor(total * 0.02))
  const orders = Math.max(1, Math.floor(total * 0.26))
  const orderItems = orders * itemsPerOrder
  return {
    customers,
    products,
    orders,
    orderItems,
    pageViews: total - customers - products - orders - orderItems,
  }
}
