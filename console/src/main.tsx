import { QueryClient, QueryClientProvider } from "@tanstack/react-query"
import { createRoot } from "react-dom/client"
import { ApiError } from "./api/client.ts"
import { App } from "./shell/app.tsx"
import { followSystemTheme } from "./shell/theme.ts"

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // A refusal stays a refusal; only an answer that did not come is worth another call.
      retry: (failures, error) => error instanceof ApiError && error.status === 0 && failures < 3,
      refetchOnWindowFocus: false,
    },
  },
})

followSystemTheme()
const root = document.getElementById("root")
if (root === null) throw new Error("the page has no place for the console")
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <App />
  </QueryClientProvider>,
)
