import { EnrolmentTokenView, MadeEnrolmentToken, page, SetupState } from '@lockstep/core/protocol';

export const TokenPage = page(EnrolmentTokenView);
export type TokenView = EnrolmentTokenView;

/** The one answer that holds the token: to the request that made it. */
export const MadeToken = MadeEnrolmentToken;
export type MadeToken = MadeEnrolmentToken;

export { SetupState };
