export default function IntegrationPage({ id }: { id: string }) {
  return <div className="page">{id}</div>
}
