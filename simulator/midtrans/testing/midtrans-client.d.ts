/** Midtrans' own client has no types; these cover what the tests use. */
declare module "midtrans-client" {
  type Row = Record<string, unknown>;

  class CoreApi {
    constructor(options: { isProduction: boolean; serverKey: string; clientKey: string });
    readonly apiConfig: { getCoreApiBaseUrl: () => string };
    readonly httpClient: {
      readonly http_client: {
        readonly defaults: { readonly headers: { readonly common: Record<string, string> } };
      };
    };
    charge(parameter: Row): Promise<Row>;
    readonly transaction: {
      status(id: string): Promise<Row>;
      cancel(id: string): Promise<Row>;
      expire(id: string): Promise<Row>;
      approve(id: string): Promise<Row>;
      refund(id: string, parameter: Row): Promise<Row>;
      refundDirect(id: string, parameter: Row): Promise<Row>;
      notification(body: Row | string): Promise<Row>;
    };
  }

  class MidtransError extends Error {
    readonly httpStatusCode: string | number | null;
    readonly ApiResponse: Row | null;
  }

  const midtrans: { readonly CoreApi: typeof CoreApi; readonly MidtransError: typeof MidtransError };
  export default midtrans;
}
