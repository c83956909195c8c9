import {
  IdSchema,
  isRefusal,
  KeysSchema,
  LoginSchema,
  LogoutSchema,
  PasswordAgainSchema,
  PasswordChangeSchema,
  ProblemSchema,
  ProfileChangeSchema,
  ProfileSchema,
  RefreshSchema,
  refuse,
  RegisteredSchema,
  RegisterSchema,
  TokensSchema,
  TotpCodeSchema,
  TotpSchema,
  UserSessionsSchema,
  type ProfileBody,
  type Refusal,
  type TokensBody,
} from "@onegate/contract";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import { answer, type Http } from "../../kernel/index.ts";
import { userOf } from "../guard.ts";
import { originOf } from "../origin.ts";
import { tokenHash } from "../secret.ts";
import { changePassword } from "./change-password.ts";
import { changeProfile } from "./change-profile.ts";
import { closeAccount } from "./close-account.ts";
import { confirmTotp } from "./confirm-totp.ts";
import { enrolTotp } from "./enrol-totp.ts";
import { login } from "./login.ts";
import { refresh } from "./refresh.ts";
import { register } from "./register.ts";
import { removeTotp } from "./remove-totp.ts";
import type { SigningKeys } from "./signing-key.ts";
import { deleteSessionOf, deleteUserSession, selectProfile, selectUserSessions } from "./store.ts";
import type { Profile, Signed, Users } from "./user.ts";

const tags = ["users"];
const service = "identity";
const KEYS_KEPT = "public, max-age=300";

export function userRoutes(http: Http, users: Users, keys: SigningKeys): void {
  const { kysely } = users.database;
  const done = { 204: Type.Null(), "4xx": ProblemSchema, 503: ProblemSchema };
  const tokens = { 200: TokensSchema, "4xx": ProblemSchema, 503: ProblemSchema };

  http.post(
    "/api/auth/register",
    {
      config: { right: "user.register", limit: "registration", service, form: true },
      schema: {
        tags,
        summary: "Register a wallet user",
        body: RegisterSchema,
        response: { 201: RegisteredSchema, "4xx": ProblemSchema, 503: ProblemSchema },
      },
    },
    async (request, reply) => {
      const registered = await register(users, request.body, originOf(request));
      return answer(
        request,
        reply,
        isRefusal(registered) ? registered : { id: registered.userId, username: registered.username },
        201,
      );
    },
  );

  http.post(
    "/api/auth/login",
    {
      config: { right: "session.open", limit: "sign_in", service, form: true },
      schema: {
        tags,
        summary: "Sign in by username, e-mail address or telephone number",
        body: LoginSchema,
        response: tokens,
      },
    },
    async (request, reply) =>
      answerSecret(request, reply, toTokens(await login(users, request.body, originOf(request)))),
  );

  http.put(
    "/api/auth/refresh",
    {
      config: { right: "session.open", limit: "refresh", service, form: true },
      schema: {
        tags,
        summary: "A new access token, and the refresh token's successor",
        body: RefreshSchema,
        response: tokens,
      },
    },
    async (request, reply) =>
      answerSecret(
        request,
        reply,
        toTokens(await refresh(users, tokenIn(request.body) ?? "", originOf(request))),
      ),
  );

  http.delete(
    "/api/auth/logout",
    {
      config: { right: "session.open", service, form: true },
      schema: {
        tags,
        summary:
          "End the session of a refresh token, or of the bearer; " +
          "its access token only reads from then on, until it expires",
        body: LogoutSchema,
        response: done,
      },
      // many clients send no body with DELETE
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request, reply) => {
      const token = tokenIn(request.body);
      const { principal } = request;
      if (token !== undefined) await deleteSessionOf(kysely, tokenHash(token).toString("hex"));
      else if ("userId" in principal) await deleteUserSession(kysely, principal.userId, principal.sessionId);
      else return answer(request, reply, refuse("unauthenticated"));
      return reply.code(204).send(null);
    },
  );

  http.get(
    "/api/auth/sessions",
    {
      config: { right: "session.read", service },
      schema: {
        tags,
        summary: "Where the user is signed in",
        response: { 200: UserSessionsSchema, "4xx": ProblemSchema },
      },
    },
    async (request) => {
      const { userId, sessionId: mine } = userOf(request);
      const sessions = await selectUserSessions(kysely, userId);
      return {
        sessions: sessions.map(({ sessionId, userAgent, address, createdAt, usedAt }) => ({
          id: sessionId,
          user_agent: userAgent,
          address,
          created_at: createdAt.toISOString(),
          used_at: usedAt.toISOString(),
          current: sessionId === mine,
        })),
      };
    },
  );

  http.delete(
    "/api/auth/sessions/:id",
    {
      config: { right: "session.end", service },
      schema: {
        tags,
        summary: "End a session; its access token only reads from then on, until it expires",
        params: Type.Object({ id: IdSchema }),
        response: done,
      },
    },
    async (request, reply) => {
      const isEnded = await deleteUserSession(kysely, userOf(request).userId, request.params.id);
      return answerDone(request, reply, isEnded ? undefined : refuse("session_unknown"));
    },
  );

  http.get(
    "/api/auth/profile",
    {
      config: { right: "profile.read", service },
      schema: {
        tags,
        summary: "The user's own names",
        response: { 200: ProfileSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        toProfile((await selectProfile(kysely, userOf(request).userId)) ?? refuse("unauthenticated")),
      ),
  );

  http.patch(
    "/api/auth/profile",
    {
      config: { right: "profile.change", limit: "profile", service },
      schema: {
        tags,
        summary: "Change username, e-mail address or telephone number",
        body: ProfileChangeSchema,
        response: { 200: ProfileSchema, "4xx": ProblemSchema },
      },
    },
    async (request, reply) =>
      answer(
        request,
        reply,
        toProfile(await changeProfile(users, userOf(request), request.body, originOf(request))),
      ),
  );

  http.put(
    "/api/auth/password",
    {
      config: { right: "password.change", service },
      schema: {
        tags,
        summary: "Change the password; ends the user's other sessions",
        body: PasswordChangeSchema,
        response: done,
      },
    },
    async (request, reply) => {
      const { current_password: current, new_password: next } = request.body;
      return answerDone(
        request,
        reply,
        await changePassword(users, userOf(request), current, next, originOf(request)),
      );
    },
  );

  http.delete(
    "/api/auth/account",
    {
      config: { right: "account.close", service },
      schema: {
        tags,
        summary: "Close an empty account for good and erase what is personal",
        body: PasswordAgainSchema,
        response: done,
      },
    },
    async (request, reply) =>
      answerDone(
        request,
        reply,
        await closeAccount(users, userOf(request), request.body.password, originOf(request)),
      ),
  );

  http.post(
    "/api/auth/totp",
    {
      config: { right: "totp.change", service },
      schema: {
        tags,
        summary: "Set up one-time codes; required once the first is confirmed",
        body: PasswordAgainSchema,
        response: { 200: TotpSchema, "4xx": ProblemSchema, 503: ProblemSchema },
      },
    },
    async (request, reply) => {
      const totp = await enrolTotp(users, userOf(request).userId, request.body.password, originOf(request));
      return answerSecret(request, reply, isRefusal(totp) ? totp : { secret: totp.base32, uri: totp.uri });
    },
  );

  http.put(
    "/api/auth/totp",
    {
      config: { right: "totp.change", service },
      schema: {
        tags,
        summary: "Confirm one-time codes with the first code",
        body: TotpCodeSchema,
        response: done,
      },
    },
    async (request, reply) =>
      answerDone(
        request,
        reply,
        await confirmTotp(users, userOf(request), request.body.code, originOf(request)),
      ),
  );

  http.delete(
    "/api/auth/totp",
    {
      config: { right: "totp.change", service },
      schema: {
        tags,
        summary: "Turn one-time codes off",
        body: PasswordAgainSchema,
        response: done,
      },
    },
    async (request, reply) =>
      answerDone(
        request,
        reply,
        await removeTotp(users, userOf(request), request.body.password, originOf(request)),
      ),
  );

  http.get(
    "/.well-known/jwks.json",
    {
      config: { right: "key.read", service },
      schema: { tags, summary: "Public keys of access tokens", response: { 200: KeysSchema } },
    },
    async (_request, reply) => {
      const { published } = await keys.ring();
      return reply.header("cache-control", KEYS_KEPT).send({
        keys: published.map(({ kty = "", crv = "", x = "", kid = "", alg = "", use = "" }) => ({
          kty,
          crv,
          x,
          kid,
          alg,
          use,
        })),
      });
    },
  );
}

/** A refresh token, by either spelling. */
function tokenIn({
  refresh_token: token,
  refreshToken,
}: {
  readonly refresh_token?: string;
  readonly refreshToken?: string;
}): string | undefined {
  return token ?? refreshToken;
}

function toTokens(signed: Signed | Refusal): TokensBody | Refusal {
  if (isRefusal(signed)) return signed;
  return {
    access_token: signed.accessToken,
    refresh_token: signed.refreshToken,
    token_type: "Bearer",
    expires_in: signed.expiresInS,
  };
}

function toProfile(profile: Profile | Refusal): ProfileBody | Refusal {
  if (isRefusal(profile)) return profile;
  const { userId, username, email, phone, hasTotp, createdAt, updatedAt } = profile;
  return {
    id: userId,
    username,
    email,
    phone,
    totp: hasTotp,
    created_at: createdAt.toISOString(),
    updated_at: updatedAt.toISOString(),
  };
}

/** Answers with content that no cache may store. */
function answerSecret<T>(request: FastifyRequest, reply: FastifyReply, result: T | Refusal): FastifyReply {
  return answer(request, reply.header("cache-control", "no-store"), result);
}

function answerDone(
  request: FastifyRequest,
  reply: FastifyReply,
  refusal: Refusal | undefined,
): FastifyReply {
  return refusal ? answer(request, reply, refusal) : reply.code(204).send(null);
}
